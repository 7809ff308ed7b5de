"""What people and models write around an answer, in many languages: openings and closings, denials, turns, and "I do not know"."""

from __future__ import annotations

import re

__all__ = [
    "ABSTENTIONS",
    "ANSWER",
    "ASIDE",
    "ASKED_ANEW",
    "CHECK",
    "COMPARED",
    "CONTRAST",
    "CORRECTION",
    "DENIED_AFTER",
    "DENIED_AS_SUBJECT",
    "DENIED_BEFORE",
    "HEARSAY",
    "HEDGES",
    "PLEASANTRY",
    "PREDICATE",
]

# "I do not know" and its kin; each is looked for in the case-folded first two sentences that say something
ABSTENTIONS = (
    # English
    "i don't know", "i do not know", "i'm not sure", "i am not sure", "i am unsure", "i cannot answer", "i can't answer",
    "cannot be known", "cannot be determined", "can't be determined", "not possible to know", "impossible to know", "impossible to say",
    "no way to know", "nobody knows", "no one knows", "is unknown", "is not known", "isn't known", "i have no information",
    "i don't have information", "i do not have information", "i have no record", "i'm not aware", "i am not aware", "not familiar with",
    "i couldn't find", "i could not find", "no reliable information", "does not exist", "doesn't exist", "do not exist", "did not exist",
    "never existed", "appears to be fictional", "is fictional", "no such", "unanswerable", "there is no record", "there are no records",
    "i have no idea", "not enough information", "insufficient information", "i don't have enough", "i do not have enough", "i can't say",
    "i cannot say", "i don't have any information", "i do not have any information", "i can't verify", "i cannot verify",
    "don't have that", "do not have that", "don't have access", "do not have access", "can't confirm", "cannot confirm",
    "beyond my knowledge", "outside my knowledge", "wouldn't know", "no idea", "unsure", "i'm unable to", "i am unable to",
    # German
    "ich weiß nicht", "ich weiss nicht", "weiß ich nicht", "ich weiß es nicht", "ich bin mir nicht sicher", "ich bin nicht sicher",
    "ist nicht bekannt", "ist unbekannt", "keine informationen", "gibt es nicht", "keine ahnung",
    # French
    "je ne sais pas", "je l'ignore", "je ne suis pas sûr", "je ne suis pas certain", "n'existe pas", "est inconnu", "aucune information",
    "je n'ai pas d'information",
    # Spanish
    "no lo sé", "no sé", "no estoy seguro", "no tengo información", "no se sabe", "no existe", "es desconocid", "no se conoce",
    # Portuguese
    "não sei", "não tenho certeza", "não tenho informaç", "não se sabe", "não existe", "é desconhecid",
    # Italian
    "non lo so", "non so ", "non so.", "non so,", "non sono sicur", "non esiste", "non ho informazioni", "non è noto", "è sconosciut",
    # Dutch, Polish, Turkish
    "ik weet het niet", "weet ik niet", "is onbekend", "bestaat niet", "nie wiem", "nie jestem pewien", "nie istnieje", "nie wiadomo",
    "bilmiyorum", "emin değilim", "bilinmiyor", "bilgim yok",
    # Russian, Ukrainian
    "не знаю", "не уверен", "неизвестно", "не существует", "нет информации", "невідомо", "не існує",
    # Chinese, Japanese, Korean
    "我不知道", "不知道", "我不确定", "不确定", "无法确定", "不清楚", "没有相关信息", "不存在", "わかりません", "分かりません",
    "知りません", "不明です", "存在しません", "모르겠", "알 수 없", "모릅니다", "존재하지 않",
    # Arabic, Persian, Hebrew
    "لا أعرف", "لا أعلم", "لست متأكد", "غير معروف", "غير موجود", "نمی‌دانم", "نمیدانم", "مطمئن نیستم", "אני לא יודע", "לא ידוע",
    "לא קיים",
    # Hindi, Bengali, Telugu, Tamil, Swahili, Indonesian, Vietnamese, Thai
    "मुझे नहीं पता", "मुझे नहीं मालूम", "नहीं जानता", "नहीं जानती", "ज्ञात नहीं", "আমি জানি না", "জানা নেই", "నాకు తెలియదు", "తెలియదు",
    "எனக்குத் தெரியாது", "தெரியவில்லை", "தெரியாது", "sijui", "haijulikani", "sina uhakika", "saya tidak tahu", "tidak diketahui",
    "tidak yakin", "tôi không biết", "không rõ", "không tồn tại", "ไม่ทราบ", "ไม่รู้", "ไม่แน่ใจ",
)  # fmt: skip

# a sentence that says nothing of the matter: matched whole, case-folded, without the punctuation at its ends
_PLEASANTRIES = (
    # English: greetings, praise of the question, thanks, promises, "here it is", what is offered at the end
    r"(?:oh|ah|wow|hi|hello|hey)(?: there)?|hm+|well|okay|ok|alright|all right|sure(?: thing)?|certainly|of course|absolutely|gladly"
    r"|got it",
    r"(?:(?:that|this|it)(?:'s| is) |what )?(?:a |an )?(?:very |really |quite |truly )?(?:great|good|nice|excellent|interesting"
    r"|fascinating|tough|tricky|fun|wonderful|easy|simple|lovely|fair|classic) (?:question|one)\b.*",
    r"(?:many )?thanks?\b(?: you)?(?: (?:for|so|very)\b.*)?|(?:you're|you are) welcome|no problem|my pleasure",
    r"(?:i(?:'d| would) be |i(?:'m| am) |always )?(?:happy|glad|pleased|delighted) to (?:help|answer|assist)\b.*",
    r"(?:now |first |so )?(?:let me|let's|let us|allow me to) (?:think|see|check|work|consider|break|solve|figure|look|go|calculate"
    r"|compute|start|walk|do|find|help|explain|answer|reason|recall)\b.*|(?:thinking )?step by step",
    r"i(?:'ll| will) (?:answer|help|do my best|think|explain|try|solve|work)\b.*",
    r"here (?:you go|you are|it is|goes)|here(?:'s| is| are) (?:the|my|your|an?) (?:short |brief |final )?(?:answer|reply|response"
    r"|solution)s?",
    r"(?:please )?let me know\b.*|(?:i )?hope (?:this|that|it|you)\b.*|(?:please )?feel free\b.*|is there anything else\b.*"
    r"|have a \w+ (?:day|one)\b.*|(?:do|would|if) you (?:want|need|like|have|would like)\b.*(?:know|ask|help|more|explain"
    r"|question)\w*\b.*",
    # German, French, Spanish, Portuguese, Italian, Dutch
    r"(?:das ist )?(?:eine )?(?:sehr )?(?:gute|tolle|interessante|schöne|spannende) frage\b.*|gern(?:e)?(?: doch)?|natürlich|klar|sicher"
    r"|selbstverständlich|danke\b.*|hallo|lass(?:en sie)? (?:mich|uns)\b.*|ich hoffe\b.*",
    r"(?:c'est )?(?:une )?(?:très )?(?:bonne|excellente|belle) question\b.*|bien sûr|certainement|avec plaisir|merci\b.*|bonjour"
    r"|voyons\b.*|d'accord",
    r"(?:esa |es )?(?:una )?(?:muy )?(?:buena|excelente|gran) pregunta\b.*|claro(?: que sí)?|por supuesto|gracias\b.*|hola|veamos\b.*"
    r"|con gusto",
    r"(?:essa |é )?(?:uma )?(?:ótima|boa|excelente) pergunta\b.*|com certeza|obrigad[oa]\b.*|olá|vejamos\b.*",
    r"(?:è una )?(?:ottima|bella|buona) domanda\b.*|certo|certamente|grazie\b.*|ciao|vediamo\b.*",
    r"(?:dat is een )?(?:goede|leuke|interessante) vraag\b.*|natuurlijk|zeker|bedankt\b.*",
    # Polish, Russian, Ukrainian, Turkish
    r"(?:to )?(?:dobre|świetne|ciekawe) pytanie\b.*|oczywiście|jasne|dziękuję\b.*",
    r"(?:это )?(?:отличный|хороший|интересный|прекрасный) вопрос\b.*|конечно|разумеется|спасибо\b.*|здравствуйте|привет|давайте\b.*",
    r"(?:це )?(?:чудове|гарне|цікаве) (?:запитання|питання)\b.*|звичайно|дякую\b.*",
    r"(?:bu )?(?:güzel|harika|iyi) (?:bir )?soru\b.*|elbette|tabii(?: ki)?|teşekkür\w*\b.*|merhaba",
    # Chinese, Japanese, Korean
    r"(?:这|那)?(?:真)?(?:是)?(?:一)?(?:个)?(?:很|非常)?(?:好|棒|有趣|有意思)的?问题|当然(?:可以)?|好的|谢谢.*|你好|让我.*|我们来.*",
    r"(?:とても|すごく)?(?:いい|良い|素晴らしい|面白い)ご?質問です?ね?|もちろん(?:です)?|ありがとう.*|こんにちは|承知.*|考えてみ.*",
    r"(?:아주 |정말 )?좋은 질문(?:입니다|이네요|이에요)?|물론(?:이죠|입니다)?|감사.*|안녕.*",
    # Arabic, Hindi, Bengali, Telugu, Thai, Swahili, Vietnamese, Indonesian
    r"(?:هذا )?سؤال (?:جيد|رائع|ممتاز).*|بالتأكيد|بالطبع|شكرا.*|مرحبا.*",
    r"(?:यह )?(?:एक )?(?:बहुत )?(?:अच्छा|बढ़िया|शानदार) (?:सवाल|प्रश्न)(?: है)?|ज़रूर|बिल्कुल|धन्यवाद.*|नमस्ते",
    r"(?:এটি )?(?:একটি )?(?:খুব )?(?:ভালো|চমৎকার) প্রশ্ন|অবশ্যই|ধন্যবাদ.*",
    r"(?:ఇది )?(?:చాలా )?మంచి ప్రశ్న|తప్పకుండా|ధన్యవాదాలు.*",
    r"(?:เป็น)?คำถามที่ดี.*|แน่นอน.*|ขอบคุณ.*|สวัสดี.*",
    r"(?:ni )?swali (?:zuri|nzuri)\b.*|bila shaka|hakika|asante\b.*|habari",
    r"(?:đó là (?:một )?)?câu hỏi (?:rất )?(?:hay|tốt|thú vị).*|chắc chắn(?: rồi)?|tất nhiên|cảm ơn.*|xin chào.*",
    r"(?:itu )?pertanyaan (?:yang )?(?:bagus|menarik|baik)\b.*|tentu(?: saja)?|terima kasih\b.*|halo",
)  # fmt: skip
PLEASANTRY = re.compile("(?:" + "|".join(_PLEASANTRIES) + ")")

# the word "answer", and what may stand between it and the answer
_ANSWERS = (
    r"\b(?:answer|antwort|réponse|respuesta|resposta|risposta|antwoord|odpowiedź|svar|ответ|відповідь|απάντηση|cevap|yanıt|jawaban|jibu"
    r"|đáp án|câu trả lời)\b|答案|答え|回答|정답|답변|답|คำตอบ|उत्तर|जवाब|উত্তর|సమాధానం|జవాబు|பதில்|الإجابة|الجواب|پاسخ|תשובה"
)  # fmt: skip
_COPULAS = (
    r"is|was|are|were|be|equals|would be|should be|must be|comes to|ist|war|lautet|beträgt|est|était|es|era|son|é|foi|è|sono|jest|to|là"
    r"|ni|adalah|является|это|είναι|है|হল|হলো|هو|هي"
)  # fmt: skip
ANSWER = re.compile(
    rf"(?:{_ANSWERS})(?:\s+(?:here|therefore|then|thus|final|finale?|finalmente|to (?:the|this|your) (?:question|problem)))?"
    rf"(?:\s*,?\s*\b(?:{_COPULAS})\b|\s*[:：=—–-]|は|是|为|은|는|คือ|\s*$|(?=\s+[-−$€£]?\d))\s*(?:[:：]|that\b|just\b|simply\b)?",
    re.IGNORECASE,
)

# what makes a form that follows it denied, and what denies a form that stands before it
DENIED_BEFORE = re.compile(
    r"(?:\bnot|n't|\bcompared (?:with|to)|\brather than|\binstead of|\bnor|\bneither|\bunlike|\bcontrary to|\bas opposed to"
    r"|\bconfused with|\bmistaken for|\bother than|\bthan|\bnever|\bno longer|\bexcept|\bformerly|\bversus|\bvs\.?|\bnicht|\bkein\w*"
    r"|\bstatt|\banders als|\bim gegensatz zu|\bpas|\bplutôt que|\bau lieu de|\bcontrairement à|\bet non|\bno(?: es| fue)?|\by no"
    r"|\ben lugar de|\ba diferencia de|\bnão(?: é)?|\be não|\bem vez de|\bao contrário de|\bnon(?: è)?|\be non|\binvece di"
    r"|\ba differenza di|\bniet|\bin plaats van|\bnie(?: jest)?|\bzamiast|\bне|\bа не|\bвместо|\bв отличие от|\bbukan|\bsi"
    r"|\bkhông phải(?: là)?|不是|并非|而非|不同于|ليس(?:ت)?|وليس|\b(?:no|kein\w*|aucune?|ningun[oa]?|ningún|nessun\w*|nenhuma?"
    r"|geen) (?:[\w'-]+ ){1,3}(?:called|named|namens|genannt|nommée?|appelée?|llamad[oa]|chamad[oa]|chiamat[oa]|genaamd))\s*"
    r"(?:\b(?:the|a|an|in|is|as|was|be|by|city of|die|der|das|dem|den|von|la|le|el|il|lo|o|os|à|de|du|di|da|par|por|od)\s+)*$"
)
# of those, what only compares: no form is given instead
COMPARED = re.compile(
    r"(?:\bthan|\bcompared (?:with|to)|\bexcept|\bother than|\bunlike|\bals|\bwie|\bsauf|\bexcepto|\beccetto|\bкроме)\s*(?:the\s+)?$"
)
DENIED_AFTER = re.compile(r"\s*(?:ではな|じゃな|でなく|이 아니|가 아니|değil|नहीं|নয়|కాదు)")
# denies a form that is the subject of its clause, not one that the clause before has stated
DENIED_AS_SUBJECT = re.compile(
    r"\s*(?:\b(?:is|was|are|were)(?:n't| not| wrong| incorrect| false)(?! (?:only|just|merely|surprisingly))"
    r"|\b(?:would|could|can)(?: not|n't) be|\bwould be (?:wrong|incorrect)|\bist (?:nicht|kein|falsch)|\bn'est pas|\bno es|\bno fue"
    r"|\bnão é|\bnon è|\bis niet|\bnie jest|\bне является|不是|ไม่ใช่)"
)
PREDICATE = re.compile(
    rf"(?:\b(?:{_COPULAS}|called|named|known as|becomes?|became|means|remains|heißt|sind|s'appelle|se llama|si chiama|heet|nazywa się"
    r"|называется|heter|är)\b|[:：=—–]|は|が|是|为|叫|은|는)\s*(?:\b(?:also|actually|indeed|in fact|now|of course|probably|certainly"
    r"|definitely|the|a|an|city of|der|die|das|la|le|el|il|o|officially|in|called|named)\b[\s,]*)*[\"'“«„(]*$"
)
HEARSAY = re.compile(
    r"\b(?:people|many|most|some|others|you|one|often|commonly|sometimes|usually|widely|frequently|popularly|generally|mostly|falsely"
    r"|wrongly|mistakenly|traditionally)\b[^,.;:]{0,20}\b(?:think|thought|believe|assume|suppose|sa(?:y|id)|guess|expect|mistake|mistaken"
    r"|confuse|confused|attribute|credit|ascribe|claim|name|regard|cite|quote|consider)\w*\b|\b(?:misconception|myth|mistake)\b"
    r"|\bviele\b[^,.;:]{0,20}\b(?:denken|glauben|meinen)\b|\b(?:oft|häufig|manchmal)\b[^,.;:]{0,30}\b(?:zugeschrieben|genannt|gehalten)\b"
    r"|\bbeaucoup\b[^,.;:]{0,20}\b(?:pensent|croient)\b|\b(?:attribue|cite|croit) souvent\b|\bsouvent (?:attribuée?|citée?)\b"
    r"|\bmuchos\b[^,.;:]{0,20}\b(?:piensan|creen)\b|\b(?:a menudo|suele) (?:se )?(?:atribu|dec|cre)\w+"
    r"|\b(?:spesso|frequentemente) (?:attribuit|citat)\w+|\bmuitas vezes (?:é )?atribu\w+|\bмногие\b[^,.;:]{0,20}\b(?:думают|считают)\b"
    r"|\bчасто (?:приписыва|называ)\w+",
    re.IGNORECASE,
)
ASIDE = re.compile(
    r"\s*(?:which|who|whose|where|while|although|though|whereas|even though|despite|besides|apart from|in addition to|as well as|obwohl"
    r"|während|bien que|alors que|tandis que|aunque|mientras|embora|enquanto|sebbene|mentre|хотя|虽然|尽管)\b",
)
CONTRAST = re.compile(
    r"\b(?:but|however|yet|actually|rather|instead|in fact|in reality|aber|sondern|jedoch|mais|cependant|pero|sino|sin embargo|mas|porém"
    r"|ma|però|bensì|но|однако|ale|lecz|ama|fakat|maar|tapi|tetapi|nhưng|lakini)\b|但|而是|然而|しかし|でも|하지만|그러나|لكن|بل|लेकिन"
    r"|কিন্তু|కానీ|แต่",
    re.IGNORECASE,
)
CORRECTION = re.compile(
    r"\s*(?:no|wait|actually|sorry|correction|i mean|oops|scratch that|on second thoughts?|rather|hold on|nein|falsch|non|em fato|нет"
    r"|нет же|不|いいえ|아니)\b[\s,.:—–!-]",
    re.IGNORECASE,
)
CHECK = re.compile(
    r"\s*(?:(?:(?:you|we|i|one) can |to |just to |a quick |let(?:'s| us| me) )?(?:easily |also |quickly )?(?:check|checking"
    r"|double[- ]?check|verif\w+|confirm)|(?:this|that|it)(?:'s| is) (?:because|since)|after all|proof|probe|denn|en effet|kontrolle"
    r"|vérif\w*|comproba\w*|prova|проверка|验算|検算)\b",
    re.IGNORECASE,
)
# words beside a form in a clause that says nothing but the form
_HEDGES = (
    "no yes well so i think believe guess say suppose would i'd it's it is its that's that this be must may might maybe perhaps "
    "probably possibly likely certainly definitely surely actually of course indeed just simply only the a an in on at to city town my "
    "final answer called named here am pretty quite sure confident reply choose go with option es ist das die der den in ja nein wohl "
    "vielleicht c'est la le les est oui non peut-être sí si el los es la quizás é o sim não talvez è il lo sì forse это да нет "
    "наверное jest to het です だ である です。 입니다 이다 ครับ ค่ะ là ni adalah है হল"
)
HEDGES = frozenset(_HEDGES.split())
# where an answer is over and the model goes on with a question of its own
ASKED_ANEW = re.compile(
    r"\n\s*(?:#+\s*)?(?:q|question|frage|pregunta|pergunta|domanda|вопрос|问题|質問|질문|user|human|assistant|instruction|input"
    r"|problem)\s*\d*\s*[:：.)]",
    re.IGNORECASE,
)
