"""How an answer declines or says that there is nothing to know: patterns in many languages, beside the plain phrases."""

from __future__ import annotations

import re
import unicodedata

from fmaudit_sampling.phrases import ABSTENTIONS

__all__ = ["declares"]

FOLDED = tuple(phrase.casefold() for phrase in ABSTENTIONS)
MOST = 1500  # letters of the first two sentences that are looked at

_SOME = r"(?:[\w'-]+ )"  # a word, with the space after it
_NAMED = (
    r"(?:called|named|titled|entitled|known as|like that|by the name"
    r"|(?:by|of|with|under|bearing) (?:that|this|such an?|the) (?:exact )?(?:name|title))"
)
_DOING = (
    r"(?:help(?! but\b| thinking)|assist|answer|provide|comply|discuss|share|respond|fulfil|engage|tell|say|predict|foresee|forecast|know"
    r"|see|guess|give|count|name|speculate|verify|confirm|determine|find|locate|identify|recall|recogni[sz]e|access|do (?:that|this))"
)
_KNOWN = r"(?:known|predicted|foreseen|forecast|determined|answered|verified|confirmed|established|guessed|told)"

# matched in case-folded text, so "ß" is written "ss"
_PATTERNS = {
    "refusals": r"\b(?:i|we|scientists|experts|historians)(?: \w+ly| just| also)* (?:can't|cannot|can not|couldn't|could not|won't"
    rf"|will not|may not|must decline|have to decline|decline|refuse)(?: \w+ly| even)*(?: to)? {_DOING}"
    rf"|\bi(?:'m| am)(?: \w+ly)? not (?:able|allowed|permitted|going|willing) to {_DOING}"
    r"|(?:outside|beyond) (?:of )?(?:what i|my (?:knowledge|abilit|capabilit|reach|scope))",
    "doubts": r"\bi(?:'m| am)(?: \w+ly)? not (?:\w+ly |quite |at all |too |very |100 ?% )?(?:certain|sure|confident)\b"
    r"|\bi(?:'d| would)? (?:much )?(?:rather|prefer) not\b|\bi (?:do not|don't) (?:want to (?:guess|speculate|mislead)"
    r"|feel (?:confident|comfortable|able))",
    "no knowledge": r"\bi (?:do not|don't) (?:recogni[sz]e|recall|remember"
    r"|have (?:any |a )?(?:way|means|record|knowledge|access|information|data|memory)|know of|have an? (?:\w+ )?answer)"
    r"|\bunfamiliar (?:to|with)\b|\b(?:need|require) more (?:information|context|details|data)"
    r"|\bwe(?: \w+ly| just)* (?:do not|don't) know\b|\bnot something (?:that )?i\b"
    r"|(?:\bnot|n't) (?:appear|occur|feature|mentioned|listed|found|recorded|attested) in any\b"
    r"|\bi(?: have|'ve) (?:no (?:way|access|knowledge|record|means|data|memory)"
    r"|(?:not|never) (?:come across|heard of|encountered|found|seen))|\bi (?:can |could )?(?:find|found|see|know of) no\b"
    rf"|\bno {_SOME}{{0,3}}?(?:records?|information|data|evidence|trace|mention|documentation|sources?|figures?)\b(?: [\w'-]+){{0,6}}? "
    r"(?:exists?|available|survives?|found|known)\b",
    "unknowable": r"\b(?:there(?:'s| is| was)|i (?:have|see)) no way (?:of|to|for)\b|\bunknowable"
    r"|\b(?:count|figure|number|prediction|answer) is(?: simply)? impossible"
    rf"|(?:impossible|no way|not possible) (?:for (?:me|any\w+) )?(?:to|of) {_DOING}"
    rf"|(?:can't|cannot|can not|couldn't|could not) (?:possibly |ever )?be (?:\w+ly )?{_KNOWN}"
    r"|\b(?:nobody|no one|no-one|none of us) (?:really |actually |yet )?(?:(?:can|could|will|would) (?:ever |possibly |really |yet )*)?"
    r"(?:know|predict|foresee|say|tell)s?\b|\bonly you (?:yourself )?(?:can |could |would |will |alone )?(?:know|tell)\b"
    r"|\byou(?:'d| would|'ll| will) have to tell me|\b(?:hasn't|has not|haven't|have not) (?:yet )?(?:happened|taken place"
    r"|been (?:played|held))|too far (?:off )?in(?:to)? the future",
    "nothing of the kind": rf"\bno {_SOME}{{1,8}}?{_NAMED}\b|\bthere (?:isn't|is not|aren't|are not|was never|never was"
    rf"|(?:doesn't|does not) (?:appear|seem) to be) (?:an?|any) {_SOME}{{1,5}}?{_NAMED}\b"
    r"|(?:doesn't|does not|didn't|did not|don't|do not) (?:actually|really|seem to|appear to|even)(?: actually| really)? exist"
    r"|\b(?:seems?|appears?|looks?|sounds?|may|might|could|likely|probably|possibly)(?: to| have| well| like)*(?: be| been)?(?: an?"
    r"| the)?(?: \w+ly)? (?:fictional|fictitious|imaginary|made[- ]up|invented|non-?existent|hypothetical)\b"
    rf"|\b(?:is|are)(?: an?)?(?: \w+ly)? (?:fictional|fictitious|imaginary|non-?existent)(?: {_SOME}?[\w'-]+)?(?: and\b|[.,;!)]|\s*$)"
    r"|(?:\bnot|n't)(?: appear to be| seem to be| be)?(?: actually)? (?:an? (?:real|known|recogni[sz]ed|existing|actual|genuine)\b"
    r"|real\s*[.,;!])|\byou(?:'ve| have| may have| might have| seem to have) (?:made|invented)",
    "German": r"\bkann (?:\S+ ){0,5}?(?:nichts?|keine \S+) (?:\S+ )?(?:helfen|weiterhelfen|beantworten|sagen|wissen|vorhersagen)"
    r"|(?:lässt|lassen) sich (?:\S+ ){0,2}?nicht|unmöglich (?:zu (?:sagen|wissen)|vor\w+zu\w+)|\bniemand (?:kann|weiss|kennt)"
    r"|\b(?:kennt|weiss) niemand|\bkein\w* (?:\S+ ){1,4}?bekannt|\bmir nicht bekannt|\bweisst nur du|\bwissen nur sie"
    r"|\bnur (?:du|sie) (?:selbst )?(?:weisst|wissen|kannst)|\bich (?:kenne|finde) kein"
    r"|\bkein\w* (?:\S+ ){1,4}?(?:namens|dieses namens|mit (?:diesem|dem) (?:namen|titel))|\bkein\w* (?:existierend|real|echt)"
    r"|\b(?:scheint|wohl|klingt|wirkt|offenbar)(?: \S+){0,3}? (?:erfunden|fiktiv|ausgedacht)|\bist (?:\S+ )?fiktiv"
    r"|\b(?:möchte|will|werde) (?:\S+ ){0,2}?nicht (?:raten|spekulieren)",
    "French": r"\bje ne (?:peux|puis|saurais)(?: pas)?(?: \w+ment)?(?: vous| te| y| le)? ?(?:t')?(?:aider|répondre|dire|fournir|prédire"
    r"|savoir)|impossible (?:de|à) (?:le |la |l')?(?:prévoir|prédire|savoir|dire|deviner|répondre)"
    r"|\b(?:personne|nul) ne (?:le |la |les )?(?:peut|sait|connaît)|\bje préfère ne pas|\b(?:vous|toi) seule? |\bseule? (?:vous|toi)\b"
    r"|\bje ne (?:trouve|connais) (?:aucun|pas)|ne semble pas exister"
    r"|\b(?:aucune?|pas d(?:e |'))(?: ?\S+){1,4}? (?:nommée?|appelée?|intitulée?|portant|du nom|de ce nom|sous ce nom|avec ce)\b"
    r"|\b(?:semble|paraît) (?:être )?(?:\S+ ){0,2}?(?:ficti[fv]|inventée?|imaginaire)|\best (?:\S+ )?(?:fictif|fictive)\b",
    "Spanish": r"\bno (?:puedo|podría) (?:\S+ )?(?:ayud|respond|contest|dec|proporcion|sab|predec|cumpl)"
    r"|imposible (?:de )?(?:sab|predec|prev|dec|adivin)|\bnadie (?:puede|sabe|podría)|\bs[oó]lo (?:tú|usted|vos) "
    r"|\bno se puede (?:sab|predec|prev)|\bprefiero no\b|\bno (?:me suena|conozco|encuentro|encontré|he encontrado"
    r"|tengo (?:constancia|conocimiento|datos|idea)|hay (?:forma|manera|modo) de)\b"
    r"|\b(?:ningún|ninguna) (?:\S+ ){1,4}?(?:llamad|titulad|con es[et]|de es[et]|con dicho)"
    r"|\bparece (?:ser )?(?:\S+ ){0,2}?(?:fictici|inventad|imaginari)",
    "Portuguese": r"\bnão (?:posso|consigo|poderia) (?:\S+ )?(?:ajud|respond|diz|forne|prev|sab)"
    r"|impossível (?:de )?(?:sab|prev|diz|adivinh)|\bninguém (?:pode|sabe|consegue)|\b(?:só|apenas|somente) você |\bprefiro não\b"
    r"|\bnão (?:conheço|encontrei|encontro|há (?:como|forma|maneira)|tenho (?:conhecimento|dados|registro))\b"
    r"|\b(?:nenhum|nenhuma) (?:\S+ ){1,4}?(?:chamad|intitulad|com es[st]e|com o nome|de nome)"
    r"|\bparece (?:ser )?(?:\S+ ){0,2}?(?:fictíci|inventad)",
    "Italian": r"\bnon (?:posso|riesco a|sono in grado di) (?:\S+ )?(?:aiut|rispond|dir|forn|preved|sap)"
    r"|impossibile (?:da )?(?:sap|preved|dir|indovin)|\bnessuno (?:può|sa)\b|\bsolo (?:tu|lei) |\bpreferisco non\b"
    r"|\bnon (?:conosco|trovo|ho (?:trovato|notizie|dati|idea)|risulta|c'è modo)\b"
    r"|\b(?:nessun|alcun)\w* (?:\S+ ){1,4}?(?:chiamat|di nome|intitolat|dal nome|con (?:quest|quel))"
    r"|\bsembra (?:essere )?(?:\S+ ){0,2}?(?:fittizi|inventat)",
    "Dutch": r"\bkan (?:\S+ ){0,5}?niet (?:\S+ )?(?:helpen|beantwoorden|zeggen|weten|voorspellen)|onmogelijk te|niet te voorspellen"
    r"|\bniemand (?:kan|weet)|\bniet bekend\b|\bik (?:ken|vind) geen\b|\balleen (?:jij|u) weet"
    r"|\bgeen (?:\S+ ){1,4}?(?:genaamd|met (?:de|die|deze) (?:naam|titel)|die zo heet)|\blijkt? (?:\S+ ){0,3}?(?:fictief|verzonnen)"
    r"|\bliever niet\b",
    "Polish": r"\bnie (?:mogę|potrafię) (?:\S+ ){0,3}?(?:pomóc|odpowiedzieć|powiedzieć|przewidzieć)"
    r"|\bnie (?:da się|można|sposób) (?:\S+ )?(?:przewidzieć|wiedzieć|stwierdzić)|\bnikt nie (?:wie|może)"
    r"|\bnie (?:znam|znalaz\w+|ma (?:sposobu|możliwości))\b|\btylko ty (?:\S+ )?wiesz"
    r"|\bnie ma (?:\S+ ){1,4}?(?:o (?:nazwie|tytule|takim|takiej|tej)|zwan)|\b(?:wydaje się|chyba) (?:\S+ ){0,3}?(?:fikcyjn|zmyślon)",
    "Russian, Ukrainian": r"\bне (?:могу|смогу|можу|зможу)(?: \S+){0,4}? (?:помо[чг]|ответить|сказать|предоставить|знать|предсказать"
    r"|допомогти|відповісти|сказати|передбачити)|(?:невозможно|нельзя|неможливо|не можна) (?:\S+ )?(?:пред|узнать|знать|сказать"
    r"|определить|передбачити|знати|сказати)|\b(?:никто|ніхто) не |\bничего не (?:известно|знаю)|\b(?:не удалось|не смог) найти"
    r"|\bне (?:нашёл|нашел|слышал|знайшов|чув)\w*|\b(?:только|лишь|тільки|лише) (?:вы|ты|ви|ти) (?:\S+ )?зна"
    r"|\b(?:нет|немає) (?:\S+ ){1,4}?(?:под названием|с названием|с таким|с именем|по имени|під назвою|з такою)"
    r"|\b(?:под названием|с названием|с таким|под таким|під назвою)(?: \S+){1,4}? (?:нет|немає)\b"
    r"|\b(?:похоже|видимо|кажется|вероятно|является|схоже|мабуть)\b[^.]{0,40}(?:вымышлен|выдуман|вигадан)",
    "Turkish": r"yardımcı olam|cevap verem|yanıtlayam|söyleyemem|tahmin edilemez|(?:tahmin etmek|bilmek) imk[aâ]nsız|\bkimse bil"
    r"|\b(?:bulamadım|duymadım)\b|\bsadece (?:sen|siz) bil|\b(?:adında|adlı|isimli) (?:\S+ ){0,3}?(?:yok|bulunm)|\bkurgusal|\buydurma",
    "Chinese": r"(?:无法|不能|没法|没办法|無法|沒辦法)(?:帮|协助|回答|提供|预测|预知|得知|知道|确认|告诉|判断|满足|透露|幫|協助|預測|確認"
    r"|告訴)|[没沒]有?人(?:能|会|會)?(?:知道|预测|預測)|[没沒未]有?(?:能)?(?:找到|查到|听说|聽說)|只有[你您](?:自己)?才?知道"
    r"|[没沒]有[^,，。]{0,10}(?:叫|名为|名為|名叫|名字|这样的|這樣的)"
    r"|(?:似乎|可能|好像|看来|应该|看來|應該)[^,，。]{0,6}(?:虚构|虛構|杜撰|编造)|是虚构的",
    "Japanese": r"(?:お手伝い|お答え|お応え|回答|予測|予想|提供|判断|確認|特定)(?:する)?(?:こと)?[はが]?(?:でき|出来)(?:ません|ない|かね)"
    r"|予測は?不可能|実在し(?:ません|ない)|(?:という|といった|名の)[^。]{0,12}(?:ありません|存在し)|架空の(?:もの|よう|可能性)"
    r"|知られて(?:いません|いない|おりません)|見つか(?:りません|らない|っていません)|聞いたことが|誰にも(?:わか|分か)"
    r"|あなた(?:だけ|にしか)",
    "Korean": r"(?:도와|도움|답변|대답|제공|예측|확인)[^.。]{0,8}(?:수 없|못|불가)|찾을 수 없|들어본 적|알려지지 않|정보가 없"
    r"|아무도 (?:모|알)|(?:본인|당신)만 |(?:라는|그런|이름의)[^.。]{0,15}(?:없|존재하지)|가상의 |허구",
    "Arabic, Persian, Hebrew": r"لا (?:أستطيع|يمكنني|أقدر)|لا يمكن (?:التنبؤ|معرفة|توقع)|من المستحيل|لا أحد (?:يعرف|يعلم|يستطيع)|أنت وحدك"
    r"|لا [تي]وجد (?:\S+ ){1,4}?(?:ب?اسم|بهذا|[تي]سمى|بعنوان|[تي]دعى)|نمی\u200c?توانم|هیچ\u200c?کس نمی|فقط شما می|وجود ندارد"
    r"|לא (?:יכול|מסוגל)|אי אפשר (?:לדעת|לחזות|לנבא)|אף אחד לא|רק את[הם]? יודע|אין (?:\S+ ){1,4}?בשם",
    "Hindi, Bengali": r"(?:मदद|सहायता|उत्तर|जवाब)[^।.]{0,20}नहीं (?:कर|दे)|(?:भविष्यवाणी|अनुमान)[^।.]{0,15}(?:नहीं|असंभव)|कोई नहीं जान"
    r"|(?:केवल|सिर्फ) आप|नाम(?:क)? [^।.]{0,20}नहीं है|काल्पनिक|(?:সাহায্য|সহায়তা|উত্তর)[^।.]{0,20}পার(?:ব|ছি|ি) না|নামে [^।.]{0,20}নেই"
    r"|কেউ জানে না|শুধু আপনি",
    "Telugu, Tamil": r"(?:సహాయం|సమాధానం)[^.]{0,15}(?:చేయలేను|ఇవ్వలేను|చెప్పలేను)|(?:అనే|పేరుతో) [^.]{0,20}లేదు|ఎవరికీ తెలియదు"
    r"|(?:உதவ|பதிலளிக்க)[^.]{0,8}(?:முடியாது|இயலாது)|என்ற [^.]{0,20}இல்லை",
    "Swahili, Indonesian": r"\bsiwezi\b|\bhaiwezekani\b|\bhakuna (?:\S+ ){1,4}?(?:\w+itwa|yenye jina|kwa jina)|\bhakuna ajuaye"
    r"|\bwewe tu\b|\b(?:saya|kami) (?:tidak|tak) (?:bisa|dapat)|\btidak (?:bisa|dapat|mungkin) di(?:prediksi|ketahui|tebak|ramal)"
    r"|\bmustahil (?:untuk )?(?:me|di)|\bhanya (?:anda|kamu) |\btidak ada (?:\S+ ){1,4}?(?:bernama|dengan nama|berjudul)"
    r"|\btidak ada yang tahu|\bfiktif\b",
    "Vietnamese, Thai": r"\btôi không thể\b|\bkhông thể (?:dự đoán|biết)|\bkhông ai (?:biết|có thể)|\bchỉ (?:có )?bạn "
    r"|\bkhông có (?:\S+ ){1,4}?(?:tên|gọi là)|hư cấu|ไม่สามารถ(?:ช่วย|ตอบ|ให้|ทำ|คาด|บอก|ระบุ)|ไม่มีใคร(?:รู้|ทราบ)|มีเพียงคุณ|ไม่มี\S{0,30}ชื่อ",
}  # fmt: skip
PATTERNS = re.compile(unicodedata.normalize("NFC", "|".join(f"(?:{pattern})" for pattern in _PATTERNS.values())))


def declares(head: str) -> bool:
    """Say whether the beginning of an answer declines, doubts, or says that there is nothing to know.

    `head` is case-folded, NFC, with plain apostrophes.
    """
    looked = head[:MOST]
    return any(phrase in looked for phrase in FOLDED) or PATTERNS.search(looked) is not None
