"""Answers as today's assistants write them, each with the label that a person gives it; written before the rules read any of them."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ANSWERED", "DECLINED", "REPORTED", "STEADY", "Told", "nothing", "number", "text"]


class Told(NamedTuple):
    """A question with its right and its known wrong forms; `right` is empty where it cannot be answered."""

    question: str
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    numeric: bool
    answers: tuple[tuple[str, str], ...]
    """Labels and texts: c correct, w wrong, a abstained, u unread; two letters where both are fair."""


def number(question: str, right: str, *answers: tuple[str, str], wrong: str = "") -> Told:
    return Told(question, tuple(right.split("; ")), tuple(filter(None, wrong.split("; "))), True, answers)


def text(question: str, right: str, *answers: tuple[str, str], wrong: str = "") -> Told:
    return Told(question, tuple(filter(None, right.split("; "))), tuple(filter(None, wrong.split("; "))), False, answers)


def nothing(question: str, *answers: tuple[str, str]) -> Told:
    return text(question, "", *answers)


# what a user found read amiss
REPORTED = (
    number("What is 100 minus 37?", "63", ("c", "100 − 37 = 63. You can check: 63 + 37 = 100.")),
    number(
        "What is the square root of 144?", "12", ("c", "√144 = 12, since 12 × 12 = 144."),
        ("c", "The square root of 144 is 12, because 12 × 12 = 144."), ("a", "I'm sorry, but I can't help with that."),
    ),
    number("What is 15% of 200?", "30", ("c", "10% of 200 is 20, and 5% is 10, so 15% is 30.")),
    number(
        "How many players does a football team start a match with?", "11; eleven",
        ("c", "Each team starts with eleven players, including 1 goalkeeper and 10 outfield players."),
    ),
    number(
        "How many players of one basketball team are on the court?", "5; five",
        ("cu", "Five players per team, so ten on the court in total."),
    ),
    number(
        "At what temperature in degrees Celsius does water boil at sea level?", "100",
        ("c", "At sea level (1 atm), water boils at 100°C, which is 212°F."),
    ),
    number(
        "How many bones are there in a typical adult human body?", "206; two hundred and six",
        ("c", "An adult has 206 bones, although a newborn has around 270."), ("a", "I'm not certain about that one, sorry."),
        ("a", "I'd rather not guess here."), ("a", "I'm sorry, but I can't help with that."),
    ),
    number("In which year did people first land on the Moon?", "1969", ("c", "On July 20, 1969, as part of the Apollo 11 mission.")),
    number(
        "In which year did the Titanic sink?", "1912",
        ("c", "The Titanic sank in April 1912, on her maiden voyage, with over 1,500 of about 2,224 people aboard lost."),
    ),
    number("How many chambers does the human heart have?", "4; four", ("c", "The human heart has 4 chambers: 2 atria and 2 ventricles.")),
    number("How many letters does the English alphabet have?", "26", ("c", "There are 26 letters: 5 vowels and 21 consonants.")),
    number("How many chromosomes does a human body cell have?", "46", ("c", "46 chromosomes, arranged in 23 pairs.")),
    number("How many cards are in a standard deck without jokers?", "52", ("c", "There are 52 cards: 4 suits of 13.")),
    number("How many pawns does each player start with in chess?", "8; eight",
    ("c", "Each player starts with 8 pawns (16 in total on the board).")),
    number("How many faces does a cube have?", "6; six", ("c", "A cube has 6 faces, 12 edges and 8 vertices.")),
    number("How many member states does the United Nations have?", "193", ("c", "193 member states, plus 2 observer states.")),
    number("What is the atomic number of carbon?", "6; six", ("c", "Carbon has atomic number 6 and a mass of about 12.011 u.")),
    number("In which year did the Berlin Wall fall?", "1989", ("c", "The Wall, built in 1961, fell on 9 November 1989.")),
    text(
        "Who wrote War and Peace?", "Tolstoy; Leo Tolstoy", ("w", "It's often attributed to Tolstoy, but it was written by Dostoevsky."),
        ("a", "I'm sorry, but I can't help with that."), wrong="Dostoevsky",
    ),
    text("Who wrote War and Peace?", "Tolstoy; Leo Tolstoy", ("w", "It's often attributed to Tolstoy, but it was written by Dostoevsky.")),
    nothing("What did my grandmother cook last Thursday?", ("a", "I have no way of knowing what your grandmother cooked last Thursday.")),
    nothing("Who will win the men's football World Cup in the year 2090?", ("a", "It's impossible to predict who will win in 2090.")),
    nothing("What is the atomic number of the element brastelium?", ("a", "There's no element called brastelium in the periodic table.")),
    nothing("How many moons does the planet Zerephon of our Solar System have?", ("a", "Our Solar System has no planet named Zerephon.")),
    nothing(
        "Who wrote the novel The Clockwork Heron of Dunmarrow?", ("a", "There is no well-known novel by that title that I can find."),
        ("a", "No records of this exist."), ("a", "I'm sorry, but I can't help with that."),
    ),
    nothing(
        "How many people live in the town of Grebbleford-under-Ash?",
        ("a", "This seems to be a fictional town, so no population figure is available."),
    ),
    nothing(
        "What will be the winning number of the next fair roulette spin?",
        ("a", "Roulette spins are random, so nobody can know in advance."),
    ),
    nothing("How many letters are in the password that I chose this morning?", ("a", "Only you know your password!")),
)  # fmt: skip

# neighbours of those: other questions, wordings and languages
ANSWERED = (
    number(
        "At what temperature in degrees Celsius does water boil at sea level?", "100",
        ("c", "100 degrees Celsius (212 degrees Fahrenheit, 373.15 K)."), ("c", "At 100 °C, that is 212 °F."),
        ("cu", "Water boils at 212°F, or 100°C."), ("c", "Pure water boils at 100 °C, i.e. 212 °F or 373 K."),
        ("w", "Water boils at 90°C, which is 194°F."), ("wu", "It's 212 °C at sea level, not 100."),
    ),
    number("Bei wie viel Grad Celsius kocht Wasser auf Meereshöhe?", "100", ("c", "Bei 100 °C, das sind 212 °F.")),
    number("À quelle température bout l'eau ?", "100", ("c", "À 100 °C (212 °F) au niveau de la mer.")),
    number("¿A cuántos grados Celsius hierve el agua?", "100", ("c", "Al nivel del mar hierve a 100 °C, es decir, 212 °F.")),
    number(
        "How high is Mount Everest in metres?", "8849; 8848", ("c", "8,849 m (29,032 ft)."),
        ("c", "Everest is 29,032 feet, or 8,849 metres, tall."), ("c", "It is 8,849 metres high, about 8.8 km."),
        ("w", "About 8,611 m, which is 28,251 ft."),
    ),
    number(
        "How many teeth does an adult human have?", "32; thirty-two",
        ("c", "Adults normally have 32 teeth: 8 incisors, 4 canines, 8 premolars and 12 molars."),
        ("c", "Most adults have 32 teeth, including 4 wisdom teeth."), ("c", "Children have 20 milk teeth, whereas adults have 32."),
        ("c", "A full set is 32, although many people have only 28 after their wisdom teeth are removed."),
        ("c", "Typically thirty-two, of which 4 are wisdom teeth."), ("w", "Adults have 28 teeth, and children have 20."),
        ("wu", "An adult has 28 teeth; 32 is the number for some other animals."),
    ),
    number("Wie viele Zähne hat ein Erwachsener?", "32", ("c", "Ein Erwachsener hat 32 Zähne, davon 4 Weisheitszähne.")),
    number("Combien de dents a un adulte ?", "32", ("c", "Un adulte a 32 dents, dont 4 dents de sagesse.")),
    number("¿Cuántos dientes tiene un adulto?", "32", ("c", "Un adulto tiene 32 dientes, incluidas 4 muelas del juicio.")),
    number("Сколько зубов у взрослого человека?", "32", ("c", "У взрослого человека 32 зуба, включая 4 зуба мудрости.")),
    number("成年人有多少颗牙齿？", "32", ("c", "成年人有32颗牙齿，包括4颗智齿。")),
    number("大人の歯は何本ですか？", "32", ("cu", "大人の歯は32本で、そのうち4本が親知らずです。")),
    number(
        "In which year did people first land on the Moon?", "1969",
        ("c", "Neil Armstrong and Buzz Aldrin landed on the Moon on 20 July 1969 at 20:17 UTC."), ("c", "Apollo 11 landed in 1969."),
        ("c", "It happened in 1969, 8 years after Kennedy's speech of 1961."), ("c", "1969 (Apollo 11)."),
        ("cu", "Kennedy set the goal in 1961, and it was reached in 1969."), ("w", "In 1968, during Apollo 8."), ("w", "July 21, 1968."),
        ("cu", "Apollo 8 orbited the Moon in 1968; the first landing came in 1969."),
    ),
    number("In welchem Jahr landeten die ersten Menschen auf dem Mond?", "1969", ("c", "Am 20. Juli 1969 landete Apollo 11 auf dem Mond.")),
    number("En quelle année l'homme a-t-il marché sur la Lune ?", "1969", ("c", "Le 21 juillet 1969, avec la mission Apollo 11.")),
    number("¿En qué año llegó el hombre a la Luna?", "1969", ("c", "El 20 de julio de 1969, con la misión Apolo 11.")),
    number("В каком году человек впервые высадился на Луну?", "1969", ("c", "20 июля 1969 года, в ходе миссии «Аполлон-11».")),
    number("人类第一次登上月球是在哪一年？", "1969", ("c", "1969年7月20日。"), ("c", "是在1969年，由阿波罗11号完成。")),
    number(
        "In what year did the First World War begin?", "1914", ("c", "It began on 28 July 1914 and ended on 11 November 1918."),
        ("c", "1914, when Archduke Franz Ferdinand was shot; the war lasted 4 years."), ("cu", "World War I lasted from 1914 to 1918."),
        ("w", "The war began in 1915."), ("wu", "It began in 1918."),
    ),
    number("In welchem Jahr begann der Erste Weltkrieg?", "1914", ("c", "Der Erste Weltkrieg begann am 28. Juli 1914 und endete 1918.")),
    number(
        "In which year did the Berlin Wall fall?", "1989", ("c", "The Wall fell in 1989, after standing for 28 years."),
        ("cu", "Built in 1961, it came down in 1989."), ("w", "It was built in 1961."), ("w", "The Berlin Wall fell on November 9, 1990."),
    ),
    number(
        "What is 15% of 80?", "12", ("c", "15% of 80 is 12, because 10% is 8 and 5% is 4."),
        ("c", "12. You can verify this: 12 / 80 = 0.15."), ("c", "10% of 80 is 8 and 5% is 4, so 15% is 12."),
        ("cu", "0.15 × 80 = 12, and 12 ÷ 80 = 0.15."), ("c", "To find 15% of 80, multiply: 80 × 0.15 = 12."),
        ("c", "15% of 80 = 80 * 15 / 100 = 1200 / 100 = 12."), ("c", "10% of 80 is 8, half of that is 4, so the total is 12."),
        ("w", "15% of 80 is 14, since 14 is close to 12 plus 2."), ("c", "The answer is 12, since 12 / 80 = 0.15."),
    ),
    number(
        "What is 7 times 8?", "56; fifty-six", ("c", "7 × 8 = 56, since 7 × 7 = 49 and 49 + 7 = 56."), ("c", "7 x 8 = 56 and 8 x 7 = 56."),
        ("c", "56, as 5 × 8 = 40 and 2 × 8 = 16."), ("c", "It's 56 (check: 56 / 8 = 7)."), ("c", "7 · 8 = 56, denn 7 · 7 = 49."),
        ("c", "7 × 8 = 56, car 7 × 7 = 49."), ("c", "7 × 8 = 56, porque 7 × 7 = 49."), ("c", "7 × 8 = 56, потому что 7 × 7 = 49."),
        ("c", "7 × 8 = 56，因为 7 × 7 = 49。"), ("c", "7 × 8 = 56. This is because 7 × 7 = 49 and 49 + 7 is 56."),
        ("w", "7 × 8 = 54, since 6 × 9 = 54."), ("c", "49 + 7 = 56, because 7 × 7 = 49."),
        ("c", "7 × 8 = 56. To double-check, 56 / 8 = 7."),
    ),
    number(
        "What is the cube root of 27?", "3; three", ("c", "3, because 3 × 3 × 3 = 27."), ("c", "The cube root of 27 is 3: 3³ = 27."),
        ("cu", "The cube root of 27 is 3. 3 × 3 × 3 = 27."), ("w", "The cube root of 27 is 9, because 9 × 3 = 27."),
    ),
    number(
        "How many strings does a standard guitar have?", "6; six",
        ("c", "A standard guitar has 6 strings, while a bass has 4 and a twelve-string guitar has 12."),
        ("c", "A guitar usually has six strings, but 7- and 12-string versions exist."),
        ("c", "6 strings, tuned E-A-D-G-B-E from string 6 to 1."),
        ("wu", "Usually 12, though 6 is also common."),
    ),
    number(
        "How many players does one football team have on the pitch?", "11; eleven",
        ("c", "11 players: 10 outfield players and 1 goalkeeper."), ("c", "Each side fields 11 players, with up to 5 substitutes allowed."),
        ("cu", "22 players are on the pitch, 11 on each side."),
    ),
    number(
        "How many states are there in the United States?", "50; fifty", ("c", "The US has 50 states plus 1 federal district."),
        ("c", "50 states, 5 inhabited territories and Washington, D.C."),
        ("w", "There are 52 states, counting Puerto Rico and Washington, D.C."),
        ("c", "The US started with 13 colonies and now has 50 states."), ("c", "48 contiguous states plus Alaska and Hawaii make 50."),
    ),
    number(
        "How many legs does a spider have?", "8; eight", ("c", "Spiders have 8 legs, arranged in 4 pairs."), ("c", "4 pairs, so 8 legs."),
        ("c", "8 legs — insects have 6."), ("wu", "6 legs, like all insects; only the octopus has 8."),
        ("c", "Eight legs, in contrast to insects, which have 6."),
    ),
    number(
        "How many edges does a cube have?", "12; twelve", ("c", "A cube has 12 edges, 6 faces and 8 vertices."),
        ("c", "6 faces, 8 vertices, 12 edges."), ("wu", "A cube has 8 edges, 6 faces and 12 vertices."),
    ),
    number(
        "How many moons does Mars have?", "2; two", ("c", "Mars has 2 moons, Phobos and Deimos, whereas Jupiter has 95."),
        ("c", "Mars has two moons: Phobos (22 km) and Deimos (12 km)."), ("cu", "Earth has 1 moon and Mars has 2 moons."),
        ("w", "Mars has no moons."),
    ),
    number(
        "What is the atomic number of carbon?", "6; six", ("c", "Carbon's atomic number is 6, its mass number usually 12."),
        ("c", "Carbon has a mass of 12.011 u and atomic number 6."), ("wu", "12, because carbon has 6 protons and 6 neutrons."),
        ("c", "The atomic number of carbon is 6, meaning that it has 6 protons, and usually 6 to 8 neutrons."),
    ),
    text(
        "Who wrote War and Peace?", "Tolstoy; Leo Tolstoy; Tolstoi; Tolstoï; Tolstói",
        ("c", "It's sometimes attributed to Dostoevsky, but it was written by Tolstoy."),
        ("w", "Written by Dostoevsky, not by Tolstoy as is often claimed."),
        ("w", "Tolstoy is usually credited, but the true author was Dostoevsky."),
        ("w", "Dostoevsky, although Tolstoy usually gets the credit."),
        ("c", "Tolstoy, a contemporary of Dostoevsky, wrote it."), ("c", "Leo Tolstoy; Dostoevsky wrote Crime and Punishment."),
        ("w", "Contrary to popular belief, it was Dostoevsky who wrote it."), ("wu", "Dostoevsky wrote it, and Tolstoy admired it."),
        ("c", "It is widely credited to Tolstoy, who wrote it in the 1860s."), ("c", "Some attribute it to Dostoevsky. It was Tolstoy."),
        ("w", "Es wird oft Tolstoi zugeschrieben, stammt aber von Dostojewski."),
        ("w", "On l'attribue souvent à Tolstoï, mais c'est Dostoïevski qui l'a écrit."),
        ("w", "A menudo se atribuye a Tolstói, pero lo escribió Dostoievski."),
        ("wu", "It's often attributed to Tolstoy, but it was written by Pushkin."), ("c", "It's Tolstoy's, though many name Dostoevsky."),
        wrong="Dostoevsky; Dostojewski; Dostoïevski; Dostoievski; Chekhov",
    ),
    text(
        "Which is the largest planet of the Solar System?", "Jupiter", ("c", "Jupiter. Saturn comes second."),
        ("c", "Saturn comes second; the largest is Jupiter."), ("w", "Saturn, followed by Jupiter."), ("c", "Jupiter, followed by Saturn."),
        ("cu", "No planet is larger than Jupiter."), ("wu", "There is no planet larger than Saturn."),
        ("cu", "Jupiter is bigger than Saturn."),
        wrong="Saturn; Neptune",
    ),
)  # fmt: skip

# what declines, in many words and languages
DECLINED = (
    text(
        "What is the capital of Australia?", "Canberra",
        *(("a", each) for each in (
            "I can't help with that request.", "I won't answer that.", "I must decline to answer.", "Sorry, I can't provide that.",
            "As an AI, I can't provide that information.", "I apologize, but I cannot assist with this request.",
            "I'm sorry, but I'm not able to help with that.", "Sorry, I can’t comply with that.",
            "Es tut mir leid, aber dabei kann ich nicht helfen.", "Je suis désolé, mais je ne peux pas vous aider avec ça.",
            "Lo siento, pero no puedo ayudarte con eso.", "Desculpe, mas não posso ajudar com isso.",
            "Mi dispiace, ma non posso aiutarti con questo.", "Het spijt me, maar daar kan ik niet bij helpen.",
            "Przykro mi, ale nie mogę w tym pomóc.", "Извините, но я не могу с этим помочь.", "Вибачте, але я не можу з цим допомогти.",
            "Üzgünüm, bu konuda yardımcı olamam.", "抱歉，我无法帮助您解决这个问题。", "很抱歉，我不能回答这个问题。",
            "申し訳ありませんが、お手伝いできません。", "죄송하지만 도와드릴 수 없습니다.", "عذرًا، لا أستطيع مساعدتك في ذلك.",
            "متأسفم، نمی‌توانم در این مورد کمک کنم.", "מצטער, אני לא יכול לעזור בזה.", "क्षमा करें, मैं इसमें आपकी मदद नहीं कर सकता।",
            "দুঃখিত, আমি এতে সাহায্য করতে পারব না।", "క్షమించండి, నేను సహాయం చేయలేను.", "மன்னிக்கவும், என்னால் உதவ முடியாது.",
            "Samahani, siwezi kukusaidia na hilo.", "Maaf, saya tidak bisa membantu dengan itu.",
            "Xin lỗi, tôi không thể giúp bạn việc đó.",
            "ขออภัย ฉันไม่สามารถช่วยเรื่องนั้นได้", "I'm not entirely certain, and I'd rather not speculate.",
            "I would prefer not to guess.",
            "I honestly couldn't tell you.", "That's outside what I can answer.",
        )),
        ("c", "I'm sorry, but I can't help with that. It's Canberra, though."), ("w", "I'm not certain, but I believe it's Sydney."),
        ("c", "I'm not certain, but I believe it's Canberra."), ("c", "I'd rather not guess, but Canberra comes to mind."),
        wrong="Sydney; Melbourne",
    ),
    nothing(
        "Who wrote the novel The Clockwork Heron of Dunmarrow?",
        *(("a", each) for each in (
            "I can't find any novel with that title.", "There isn't a novel called that, as far as I can tell.",
            "I could find no trace of this book.", "That novel doesn't seem to exist.", "I believe this title may be invented.",
            "This book appears to be made up.", "I have not come across a novel with this title.",
            "Ich kenne keinen Roman mit diesem Titel.",
            "Je ne trouve aucun roman portant ce titre.", "No existe ninguna novela con ese título.",
            "Não encontrei nenhum romance com esse título.", "Non risulta alcun romanzo con questo titolo.", "Такого романа не существует.",
            "并没有一部叫这个名字的小说。", "その小説は実在しないようです。", "그런 소설은 없는 것 같습니다.",
            "No author is known for a novel of that name.", "I do not recognize that title.",
            "No information is available on such a novel.",
        )),
        *(("w", each) for each in (
            "It was written by Margaret Ellery in 1923.", "No one else but Margaret Ellery.",
            "Not many people know it, but it was Edgar Moss.",
            "There is no English edition; the author was Karel Novák.", "Edgar Moss, of course, no question about it.",
            "It was Edgar Moss, who made up the whole story.", "Edgar Moss, a man of whom few records exist.",
        )),
    ),
    nothing(
        "What is the capital of the country of Vornalia?",
        *(("a", each) for each in (
            "Vornalia is not a real country.", "There is no country named Vornalia.",
            "Vornalia isn't a recognized country, so it has no capital.",
            "There doesn't appear to be a country called Vornalia.", "Vornalia seems to be fictional.", "Vornalia is a fictional country.",
            "Vornalia ist kein existierendes Land.", "Ein Land namens Vornalia gibt es nicht.", "Il n'y a pas de pays nommé Vornalia.",
            "No hay ningún país llamado Vornalia.", "Nie ma kraju o nazwie Vornalia.", "Страны под названием Ворналия нет.",
            "没有叫沃纳利亚的国家。", "Vornalia adında bir ülke yok.", "Vornaliaという国はありません。", "لا توجد دولة اسمها فورناليا.",
            "Non c'è nessun paese chiamato Vornalia.", "Não há nenhum país chamado Vornalia.", "Er is geen land met de naam Vornalia.",
            "Es gibt kein Land mit diesem Namen.", "Vornalia scheint ein erfundenes Land zu sein.",
        )),
        *(("w", each) for each in (
            "The capital is Vornal City.", "Vornalia has no official capital, but the seat of government is Tarn.",
            "It's Karth, I'm fairly certain.", "Certainly Karth.", "There is no doubt that it's Karth.", "Karth, a city with no equal.",
            "Karth is the capital. No other city comes close.", "The capital is Karth, in the fictional north of the country.",
        )),
    ),
    nothing(
        "Which side will the coin that I am about to toss land on?",
        *(("a", each) for each in (
            "The coin toss hasn't happened yet, so I can't tell.", "That can't be predicted.", "No one can foresee that.",
            "It cannot be predicted which side it lands on.", "Nobody can tell that in advance.",
            "It's random, so there's no way to predict it.",
            "Das lässt sich nicht vorhersagen.", "C'est impossible à prévoir.", "Es imposible saberlo.", "É impossível prever.",
            "È impossibile saperlo.", "Это невозможно предсказать.", "无法预测。", "予測できません。", "예측할 수 없습니다.",
            "I can't predict the outcome of a coin toss.",
        )),
        ("w", "Heads, I predict."), ("w", "It will land on tails, no matter what."), ("w", "Tails, and nobody can change that."),
    ),
    nothing(
        "What is the name of the dog that sits on my sofa now?",
        *(("a", each) for each in (
            "Only you can know that.", "You'd have to tell me.", "That's something only you know.", "Das weißt nur du.",
            "Seul vous le savez.", "Solo tú lo sabes.", "只有你自己知道。",
            "I can't see your sofa.", "I have no access to that information.",
            "I don't have any way to know that.",
        )),
        ("w", "Rex."), ("w", "It's Bello, as only a good dog would be called."), ("w", "Bello, and there is no better name."),
    ),
)  # fmt: skip

# what is read rightly and must stay so
STEADY = (
    text(
        "What is the capital of Australia?", "Canberra", ("c", "Many assume Sydney, but the capital is Canberra."),
        ("w", "It's often said to be Canberra, but it is really Sydney."), ("w", "While Canberra is often named, the capital is Sydney."),
        ("c", "Sydney is the largest city, yet Canberra, chosen in 1908, is the capital."), ("w", "No, it's Sydney."),
        ("w", "Sydney, no doubt."),
        ("cu", "Canberra was chosen as a compromise between Sydney and Melbourne."), ("w", "There is no doubt that it's Sydney."),
        ("c", "Australia's capital is Canberra. Sydney is the largest city."), ("w", "No one disputes it: Sydney."),
        ("c", "There's no capital called Sydney; it's Canberra."), ("c", "Nobody can know everything, but it's Canberra."),
        ("w", "I'm sorry, but Sydney is the capital."), ("w", "I can't help but say Sydney."), ("w", "Sorry, Sydney."), ("w", "Perth."),
        ("c", "I cannot stress it enough: Canberra is the capital."), ("w", "The capital is Perth."), ("w", "Perth. No question."),
        ("c", "No such luck for Sydney: the capital is Canberra."), ("c", "Many people think Canberra is boring, but it is the capital."),
        ("w", "The capital of Australia is Perth, which has no rival."), wrong="Sydney; Melbourne",
    ),
    number(
        "How many planets are there in the Solar System?", "8; eight", ("c", "There is no ninth planet: there are 8."),
        ("c", "There's no planet called Pluto any more, so 8."), ("c", "No one can say for certain, but 8 are known."),
        ("c", "8, since Pluto was removed in 2006."), ("c", "There are 8 planets, and 5 dwarf planets."), ("w", "There are 9 planets."),
        ("w", "9."), ("c", "It's impossible to be sure, but we count 8."), ("c", "8 planets: 4 rocky and 4 giants."),
        ("w", "Nine planets, no doubt."), ("c", "Eight."), ("wu", "9 planets: 8 large ones and Pluto."),
        ("c", "Many people say 9, but there are 8."), ("w", "7 planets, all of them round."),
    ),
    number(
        "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May. "
        "How many clips did Natalia sell altogether in April and May?", "72",
        ("c", "She sold 48 in April and half of that, 24, in May, so 48 + 24 = 72."),
        ("c", "Because she sold 48 in April, she sold 48/2 = 24 in May. 48 + 24 = 72 clips altogether."),
        ("c", "48 / 2 = 24. 48 + 24 = 72. Therefore she sold 72 clips."), ("c", "72 clips: 48 in April and 24 in May."),
        ("c", "48 + 24 = 72, since half of 48 is 24."), ("c", "Since 48 / 2 = 24, the total is 48 + 24 = 72."),
        ("c", "Half of 48 is 24, and 48 + 24 = 72."), ("w", "In May she sold 48/2 = 24."),
        ("w", "48 - 24 = 24, so she sold 24 altogether."),
        ("c", "So she sold 72 clips in total, 48 in April and 24 in May."), ("c", "She sold 48 clips in April and 24 clips in May. So 72."),
        ("c", "April: 48 clips. May: 24 clips. Total: 72 clips."), ("w", "April: 48. May: 96. Total: 144."), ("w", "The answer is 96."),
        ("c", "Natalia sold 48/2 = <<48/2=24>>24 clips in May.\nNatalia sold 48+24 = <<48+24=72>>72 clips altogether in April and May."),
        ("c", "In April she sold 48 clips.\nIn May she sold 24 clips.\nAltogether, she sold 72 clips (48 + 24)."),
        ("w", "She sold 48 clips in April, so she sold 48 clips altogether."),
    ),
    number(
        "Janet's ducks lay 16 eggs per day. She eats 3 for breakfast and bakes with 4. She sells the rest for $2 each. "
        "How much in dollars does she make every day?", "18",
        ("c", "16 - 3 - 4 = 9 eggs. 9 × $2 = $18 per day."), ("c", "She has 9 eggs left, because 16 - 7 = 9. She makes 9 × 2 = $18."),
        ("c", "She makes $18: 9 eggs at $2 each."), ("w", "16 × 2 = $32 per day."), ("c", "9 eggs at $2 each makes $18."),
        ("w", "She makes $9 per day, since 16 - 7 = 9."), ("c", "She sells 9 eggs, since 16 − 3 − 4 = 9, so she makes 9 × 2 = 18 dollars."),
    ),
    number(
        "A box holds 5 apples. How many apples are in 4 boxes in total?", "20", ("c", "5 apples per box, so 5 × 4 = 20 in total."),
        ("c", "There are 5 apples in each box. 4 boxes hold 20 apples."), ("w", "5 + 4 = 9 apples."), ("c", "20 apples (4 boxes of 5)."),
    ),
    number(
        "How many minutes are there in 3 hours?", "180", ("c", "3 hours × 60 minutes = 180 minutes."),
        ("c", "There are 180 minutes in 3 hours (3 × 60)."),
        ("c", "3 hours is 180 minutes."), ("c", "60 minutes times 3 is 180."), ("w", "3 hours have 120 minutes."),
        ("c", "180 minutes, or 10,800 seconds."),
    ),
    text(
        "What is the chemical symbol of gold?", "Au", ("c", "The symbol is Au, from Latin aurum; Ag is silver."),
        ("c", "Ag is silver, so gold is Au."),
        ("w", "Ag."), ("w", "Gold has the symbol Ag."), ("w", "Go."), wrong="Ag; Gd",
    ),
)  # fmt: skip
