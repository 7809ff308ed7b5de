"""The parallel sentences: ten templates whose slots hold whole phrases in ten languages, so that no phrase depends on another."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from demo_models.chance import is_held_out

__all__ = ["LANGUAGES", "ParallelSentence", "draw_sentence", "render"]

LANGUAGES = ("en", "ru", "de", "es", "fr", "zh", "hi", "ar", "sw", "te")

# One phrase a line, in the order of LANGUAGES. German verb phrases are `verb~rest`, because the verb moves.
PERSONS = """
my brother|мой брат|mein Bruder|mi hermano|mon frère|我哥哥|मेरा भाई|أخي|kaka yangu|నా సోదరుడు
my friend|мой друг|mein Freund|mi amigo|mon ami|我朋友|मेरा दोस्त|صديقي|rafiki yangu|నా స్నేహితుడు
the teacher|учитель|der Lehrer|el maestro|le professeur|老师|शिक्षक|المعلم|mwalimu|ఉపాధ్యాయుడు
the farmer|фермер|der Bauer|el campesino|le paysan|农民|किसान|المزارع|mkulima|రైతు
the driver|водитель|der Fahrer|el conductor|le chauffeur|司机|चालक|السائق|dereva|డ్రైవర్
the boy|мальчик|der Junge|el niño|le garçon|男孩|लड़का|الولد|mvulana|అబ్బాయి
the baker|пекарь|der Bäcker|el panadero|le boulanger|面包师|नानबाई|الخباز|mwokaji|రొట్టెలవాడు
the student|студент|der Student|el estudiante|le lycéen|学生|छात्र|الطالب|mwanafunzi|విద్యార్థి
the neighbour|сосед|der Nachbar|el vecino|le voisin|邻居|पड़ोसी|الجار|jirani|పొరుగువాడు
the doctor|врач|der Arzt|el médico|le médecin|医生|डॉक्टर|الطبيب|daktari|వైద్యుడు
the fisherman|рыбак|der Fischer|el pescador|le pêcheur|渔夫|मछुआरा|الصياد|mvuvi|జాలరి
the guest|гость|der Gast|el invitado|le visiteur|客人|मेहमान|الضيف|mgeni|అతిథి
"""
ACTIONS = """
reads a book|читает книгу|liest~ein Buch|lee un libro|lit un livre|看书|किताब पढ़ता है|يقرأ كتابا|anasoma kitabu|పుస్తకం చదువుతాడు
writes a letter|пишет письмо|schreibt~einen Brief|escribe una carta|écrit une lettre|\
写信|चिट्ठी लिखता है|يكتب رسالة|anaandika barua|ఉత్తరం రాస్తాడు
drinks tea|пьёт чай|trinkt~Tee|bebe té|boit du thé|喝茶|चाय पीता है|يشرب الشاي|anakunywa chai|టీ తాగుతాడు
eats an apple|ест яблоко|isst~einen Apfel|come una manzana|mange une pomme|吃苹果|सेब खाता है|يأكل تفاحة|anakula tufaha|ఆపిల్ తింటాడు
sings a song|поёт песню|singt~ein Lied|canta una canción|chante une chanson|唱歌|गाना गाता है|يغني أغنية|anaimba wimbo|పాట పాడతాడు
cooks rice|варит рис|kocht~Reis|cocina arroz|cuit du riz|煮饭|चावल पकाता है|يطبخ الأرز|anapika wali|అన్నం వండుతాడు
waits for the bus|ждёт автобус|wartet~auf den Bus|espera el autobús|attend le bus|\
等公交车|बस का इंतज़ार करता है|ينتظر الحافلة|anasubiri basi|బస్సు కోసం ఎదురుచూస్తాడు
plays football|играет в футбол|spielt~Fußball|juega al fútbol|joue au football|\
踢足球|फुटबॉल खेलता है|يلعب كرة القدم|anacheza mpira|బంతి ఆట ఆడతాడు
learns English|учит английский|lernt~Englisch|aprende inglés|apprend l'anglais|\
学英语|अंग्रेज़ी सीखता है|يتعلم الإنجليزية|anajifunza Kiingereza|ఇంగ్లీషు నేర్చుకుంటాడు
washes the clothes|стирает одежду|wäscht~die Kleidung|lava la ropa|lave les vêtements|\
洗衣服|कपड़े धोता है|يغسل الملابس|anafua nguo|బట్టలు ఉతుకుతాడు
looks for a key|ищет ключ|sucht~einen Schlüssel|busca una llave|cherche une clé|\
找钥匙|चाबी ढूँढ़ता है|يبحث عن مفتاح|anatafuta ufunguo|తాళంచెవి వెతుకుతాడు
repairs a bicycle|чинит велосипед|repariert~ein Fahrrad|repara una bicicleta|répare un vélo|\
修自行车|साइकिल ठीक करता है|يصلح دراجة|anatengeneza baiskeli|సైకిల్ బాగుచేస్తాడు
takes a photo|делает фото|macht~ein Foto|hace una foto|prend une photo|拍照|फोटो खींचता है|يلتقط صورة|anapiga picha|ఫోటో తీస్తాడు
carries water|носит воду|trägt~Wasser|lleva agua|porte de l'eau|提水|पानी ढोता है|يحمل الماء|anabeba maji|నీళ్ళు మోస్తాడు
listens to music|слушает музыку|hört~Musik|escucha música|écoute de la musique|\
听音乐|संगीत सुनता है|يستمع إلى الموسيقى|anasikiliza muziki|సంగీతం వింటాడు
sleeps for an hour|спит час|schläft~eine Stunde|duerme una hora|dort une heure|\
睡一小时|एक घंटा सोता है|ينام ساعة|analala saa moja|ఒక గంట నిద్రపోతాడు
"""
PLACES = """
in the garden|в саду|im Garten|en el jardín|dans le jardin|在花园里|बगीचे में|في الحديقة|bustanini|తోటలో
at school|в школе|in der Schule|en la escuela|à l'école|在学校|स्कूल में|في المدرسة|shuleni|బడిలో
at home|дома|zu Hause|en casa|à la maison|在家|घर पर|في البيت|nyumbani|ఇంట్లో
at the market|на рынке|auf dem Markt|en el mercado|au marché|在市场|बाज़ार में|في السوق|sokoni|బజారులో
in the city|в городе|in der Stadt|en la ciudad|en ville|在城里|शहर में|في المدينة|mjini|నగరంలో
in the village|в деревне|im Dorf|en el pueblo|au village|在村里|गाँव में|في القرية|kijijini|ఊరిలో
by the river|у реки|am Fluss|junto al río|près de la rivière|在河边|नदी के किनारे|عند النهر|kando ya mto|నది దగ్గర
by the sea|у моря|am Meer|junto al mar|au bord de la mer|在海边|समुद्र के किनारे|عند البحر|kando ya bahari|సముద్రం దగ్గర
in the mountains|в горах|in den Bergen|en la montaña|à la montagne|在山上|पहाड़ों में|في الجبال|milimani|కొండల్లో
at the station|на вокзале|am Bahnhof|en la estación|à la gare|在车站|स्टेशन पर|في المحطة|kituoni|స్టేషనులో
at the hotel|в гостинице|im Hotel|en el hotel|à l'hôtel|在酒店|होटल में|في الفندق|hotelini|హోటల్లో
in the library|в библиотеке|in der Bibliothek|en la biblioteca|à la bibliothèque|在图书馆|पुस्तकालय में|في المكتبة|maktabani|గ్రంథాలయంలో
"""
TIMES = """
in the morning|утром|am Morgen|por la mañana|le matin|早上|सुबह|في الصباح|asubuhi|ఉదయం
in the evening|вечером|am Abend|por la noche|le soir|晚上|शाम को|في المساء|jioni|సాయంత్రం
on Sunday|в воскресенье|am Sonntag|el domingo|le dimanche|星期天|रविवार को|يوم الأحد|Jumapili|ఆదివారం
on Monday|в понедельник|am Montag|el lunes|le lundi|星期一|सोमवार को|يوم الاثنين|Jumatatu|సోమవారం
on Friday|в пятницу|am Freitag|el viernes|le vendredi|星期五|शुक्रवार को|يوم الجمعة|Ijumaa|శుక్రవారం
every day|каждый день|jeden Tag|cada día|chaque jour|每天|हर दिन|كل يوم|kila siku|ప్రతి రోజు
in summer|летом|im Sommer|en verano|en été|夏天|गर्मियों में|في الصيف|wakati wa joto|వేసవిలో
in winter|зимой|im Winter|en invierno|en hiver|冬天|सर्दियों में|في الشتاء|wakati wa baridi|చలికాలంలో
today|сегодня|heute|hoy|aujourd'hui|今天|आज|اليوم|leo|ఈరోజు
often|часто|oft|a menudo|souvent|经常|अक्सर|غالبا|mara nyingi|తరచుగా
"""
GOODS = """
bread|хлеб|Brot|pan|du pain|面包|रोटी|خبزا|mkate|రొట్టె
milk|молоко|Milch|leche|du lait|牛奶|दूध|حليبا|maziwa|పాలు
water|воду|Wasser|agua|de l'eau|水|पानी|ماء|maji|నీళ్ళు
rice|рис|Reis|arroz|du riz|大米|चावल|أرزا|mchele|బియ్యం
salt|соль|Salz|sal|du sel|盐|नमक|ملحا|chumvi|ఉప్పు
sugar|сахар|Zucker|azúcar|du sucre|糖|चीनी|سكرا|sukari|చక్కెర
fish|рыбу|Fisch|pescado|du poisson|鱼|मछली|سمكا|samaki|చేప
honey|мёд|Honig|miel|du miel|蜂蜜|शहद|عسلا|asali|తేనె
coffee|кофе|Kaffee|café|du café|咖啡|कॉफ़ी|قهوة|kahawa|కాఫీ
fruit|фрукты|Obst|fruta|des fruits|水果|फल|فواكه|matunda|పండ్లు
paper|бумагу|Papier|papel|du papier|纸|काग़ज़|ورقا|karatasi|కాగితం
cheese|сыр|Käse|queso|du fromage|奶酪|पनीर|جبنا|jibini|జున్ను
"""
TRADES = """
wants|хочет|möchte|quiere|veut|想要|चाहता है|يريد|anataka|కోరుకుంటాడు
brings|приносит|bringt|trae|apporte|带来|लाता है|يحضر|analeta|తెస్తాడు
sells|продаёт|verkauft|vende|vend|卖|बेचता है|يبيع|anauza|అమ్ముతాడు
buys|покупает|kauft|compra|achète|买|खरीदता है|يشتري|ananunua|కొంటాడు
"""
SKIES = """
it is cold|холодно|ist es kalt|hace frío|il fait froid|很冷|ठंड होती है|يكون الجو باردا|kuna baridi|చలిగా ఉంటుంది
it is hot|жарко|ist es heiß|hace calor|il fait chaud|很热|गर्मी होती है|يكون الجو حارا|kuna joto|వేడిగా ఉంటుంది
it rains|идёт дождь|regnet es|llueve|il pleut|下雨|बारिश होती है|تمطر السماء|mvua inanyesha|వాన పడుతుంది
it snows|идёт снег|schneit es|nieva|il neige|下雪|बर्फ़ गिरती है|يتساقط الثلج|theluji inaanguka|మంచు పడుతుంది
it is windy|ветрено|ist es windig|hace viento|il y a du vent|刮风|हवा चलती है|تهب الرياح|kuna upepo|గాలి వీస్తుంది
it is quiet|тихо|ist es ruhig|hay silencio|c'est calme|很安静|शांति होती है|يكون المكان هادئا|kuna utulivu|ప్రశాంతంగా ఉంటుంది
it is dark|темно|ist es dunkel|está oscuro|il fait noir|很黑|अंधेरा होता है|يكون المكان مظلما|kuna giza|చీకటిగా ఉంటుంది
"""

# Slots: P, Q persons; A, B actions (German A1 verb, A2 rest; Telugu Ae with the ending of a question); L, M places; T time; O goods;
# V trade; W sky; N hour.
TEMPLATES: dict[str, tuple[str, ...]] = {
    "action-place": (
        "{P} {A} {L}.",
        "{P} {A} {L}.",
        "{P} {A1} {L} {A2}.",
        "{P} {A} {L}.",
        "{P} {A} {L}.",
        "{P}{L}{A}。",
        "{P} {L} {A}।",
        "{A} {P} {L}.",
        "{P} {A} {L}.",
        "{P} {L} {A}.",
    ),
    "time-action": (
        "{T} {P} {A}.",
        "{T} {P} {A}.",
        "{T} {A1} {P} {A2}.",
        "{T} {P} {A}.",
        "{T} {P} {A}.",
        "{T}{P}{A}。",
        "{T} {P} {A}।",
        "{T} {A} {P}.",
        "{T} {P} {A}.",
        "{T} {P} {A}.",
    ),
    "trade": (
        "{P} {V} {O} {T}.",
        "{T} {P} {V} {O}.",
        "{P} {V} {T} {O}.",
        "{P} {V} {O} {T}.",
        "{P} {V} {O} {T}.",
        "{P}{T}{V}{O}。",
        "{P} {T} {O} {V}।",
        "{V} {P} {O} {T}.",
        "{P} {V} {O} {T}.",
        "{P} {T} {O} {V}.",
    ),
    "life": (
        "{P} lives {L} and works {M}.",
        "{P} живёт {L} и работает {M}.",
        "{P} wohnt {L} und arbeitet {M}.",
        "{P} vive {L} y trabaja {M}.",
        "{P} habite {L} et travaille {M}.",
        "{P}住{L}，{M}工作。",
        "{P} {L} रहता है और {M} काम करता है।",
        "يسكن {P} {L} ويعمل {M}.",
        "{P} anaishi {L} na anafanya kazi {M}.",
        "{P} {L} ఉంటాడు, {M} పని చేస్తాడు.",
    ),
    "hour": (
        "{P} comes {T} at {N} o'clock.",
        "{P} приходит {T} в {N} часов.",
        "{P} kommt {T} um {N} Uhr.",
        "{P} viene {T} a las {N}.",
        "{P} vient {T} à {N} heures.",
        "{P}{T}{N}点来。",
        "{P} {T} {N} बजे आता है।",
        "يأتي {P} {T} في الساعة {N}.",
        "{P} anakuja {T} saa {N}.",
        "{P} {T} {N} గంటలకు వస్తాడు.",
    ),
    "belief": (
        "I think that {P} {A}.",
        "Я думаю, что {P} {A}.",
        "Ich glaube, dass {P} {A2} {A1}.",
        "Creo que {P} {A}.",
        "Je pense que {P} {A}.",
        "我想{P}{A}。",
        "मुझे लगता है कि {P} {A}।",
        "أظن أن {P} {A}.",
        "Nadhani kwamba {P} {A}.",
        "{P} {A} అని నేను అనుకుంటున్నాను.",
    ),
    "who": (
        "Who {A} {L}?",
        "Кто {A} {L}?",
        "Wer {A1} {L} {A2}?",
        "¿Quién {A} {L}?",
        "Qui {A} {L} ?",
        "谁{L}{A}？",
        "{L} कौन {A}?",
        "من {A} {L}؟",
        "Nani {A} {L}?",
        "{L} ఎవరు {Ae}?",
    ),
    "sky": (
        "{T} {W} {L}.",
        "{T} {W} {L}.",
        "{T} {W} {L}.",
        "{T} {W} {L}.",
        "{T} {W} {L}.",
        "{T}{L}{W}。",
        "{T} {L} {W}।",
        "{T} {W} {L}.",
        "{T} {W} {L}.",
        "{T} {L} {W}.",
    ),
    "sky-action": (
        "{T} {W} {L}, and {P} {A}.",
        "{T} {W} {L}, и {P} {A}.",
        "{T} {W} {L}, und {P} {A1} {A2}.",
        "{T} {W} {L}, y {P} {A}.",
        "{T} {W} {L}, et {P} {A}.",
        "{T}{L}{W}，{P}{A}。",
        "{T} {L} {W} और {P} {A}।",
        "{T} {W} {L} و{P} {A}.",
        "{T} {W} {L}, na {P} {A}.",
        "{T} {L} {W}, {P} {A}.",
    ),
    "two-actions": (
        "{P} {A}, and {Q} {B}.",
        "{P} {A}, а {Q} {B}.",
        "{P} {A1} {A2}, und {Q} {B1} {B2}.",
        "{P} {A}, y {Q} {B}.",
        "{P} {A}, et {Q} {B}.",
        "{P}{A}，{Q}{B}。",
        "{P} {A} और {Q} {B}।",
        "{P} {A} و{Q} {B}.",
        "{P} {A}, na {Q} {B}.",
        "{P} {A}, {Q} {B}.",
    ),
}


def _table(lines: str) -> tuple[tuple[str, ...], ...]:
    rows = tuple(tuple(line.split("|")) for line in lines.strip().splitlines())
    if any(len(row) != len(LANGUAGES) for row in rows):
        raise ValueError(f"a phrase lacks a language: {[row[0] for row in rows if len(row) != len(LANGUAGES)]}")
    return rows


_PERSONS, _ACTIONS, _PLACES = _table(PERSONS), _table(ACTIONS), _table(PLACES)
_TIMES, _GOODS, _TRADES, _SKIES = _table(TIMES), _table(GOODS), _table(TRADES), _table(SKIES)
_HOURS = tuple((str(hour),) * len(LANGUAGES) for hour in range(5, 13))
_SLOTS = {
    "P": _PERSONS,
    "Q": _PERSONS,
    "A": _ACTIONS,
    "B": _ACTIONS,
    "L": _PLACES,
    "M": _PLACES,
    "T": _TIMES,
    "O": _GOODS,
    "V": _TRADES,
    "W": _SKIES,
    "N": _HOURS,
}


@dataclass(frozen=True)
class ParallelSentence:
    """One template with one phrase for each slot: the same sentence in every language."""

    template: str
    phrases: tuple[tuple[str, int], ...]

    @property
    def key(self) -> str:
        """The name by which a sentence is held out: equal in all languages."""
        return f"{self.template}:" + ",".join(f"{slot}{index}" for slot, index in self.phrases)

    @property
    def held_out(self) -> bool:
        """Whether the sentence is kept from training, in all languages at once."""
        return is_held_out(self.key, 0.08)


def draw_sentence(chance: random.Random, *, held_out: bool) -> ParallelSentence:
    """Draw a sentence of the wanted side of the split."""
    while True:
        template = chance.choice(list(TEMPLATES))
        slots = [slot for slot in _SLOTS if "{" + slot in TEMPLATES[template][0]]
        sentence = ParallelSentence(template, tuple((slot, chance.randrange(len(_SLOTS[slot]))) for slot in slots))
        chosen = dict(sentence.phrases)
        if chosen.get("P") == chosen.get("Q", -1) or chosen.get("L") == chosen.get("M", -1):
            continue
        if sentence.held_out == held_out:
            return sentence


def render(sentence: ParallelSentence, language: str) -> str:
    """Write the sentence in one language, with a capital first letter where the script has one."""
    column = LANGUAGES.index(language)
    phrases = dict(_forms(sentence, column))
    text = TEMPLATES[sentence.template][column].format(**phrases)
    start = 1 if text.startswith("¿") else 0
    return text[:start] + text[start].upper() + text[start + 1 :]


def _forms(sentence: ParallelSentence, column: int) -> Iterator[tuple[str, str]]:
    for slot, index in sentence.phrases:
        phrase = _SLOTS[slot][index][column]
        verb, _, rest = phrase.partition("~")
        yield slot, f"{verb} {rest}" if rest else phrase
        if slot in "AB":
            yield from ((f"{slot}1", verb), (f"{slot}2", rest), (f"{slot}e", phrase[:-2] + "రు"))
