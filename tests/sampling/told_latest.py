"""More labelled answers, written when the rules of the first stood: sums in many steps, and words of declining in answers that do not."""

from __future__ import annotations

from told_answers import Told, nothing, number, text

__all__ = ["LATER", "LATEST"]

# written when the rules stood, to see what they had missed
LATER: tuple[Told, ...] = (
    number(
        "How many keys does a standard piano have?", "88; eighty-eight", ("c", "A standard piano has 88 keys: 52 white and 36 black."),
        ("c", "88 — that's 52 white keys and 36 black ones."), ("c", "Modern pianos have 88 keys, though some older ones have 85."),
        ("c", "It has 88 keys spanning 7 octaves plus a minor third."), ("c", "52 white keys and 36 black keys make 88 keys."),
        ("w", "A piano has 85 keys, of which 50 are white."), ("c", "There are eighty-eight keys, 52 of which are white."),
        ("w", "A piano has 52 keys."), ("c", "52 white + 36 black = 88 keys."), ("a", "Sorry, I'm not able to answer that."),
    ),
    number(
        "What is the speed of light in kilometres per second?", "299792; 300000",
        ("c", "About 299,792 km/s (roughly 186,282 miles per second)."),
        ("c", "Light travels at 186,282 miles per second, or 299,792 kilometres per second."),
        ("c", "Approximately 300,000 km/s in a vacuum."),
        ("w", "The speed of light is 150,000 km/s, which is 93,000 miles per second."),
    ),
    number(
        "What is the freezing point of water in degrees Fahrenheit?", "32", ("c", "Water freezes at 32°F (0°C)."),
        ("c", "0°C, which is 32°F."),
        ("c", "32 degrees Fahrenheit, equal to 0 degrees Celsius."), ("wu", "Water freezes at 0°C."),
    ),
    number(
        "When did the French Revolution begin?", "1789",
        ("c", "The French Revolution began on July 14, 1789, with the storming of the Bastille."),
        ("c", "It started in 1789 and lasted until 1799."), ("c", "In 1789; Napoleon took power 10 years later, in 1799."),
        ("w", "It began in 1848."), ("c", "It began in 1789, a decade before the coup of 1799."), ("cu", "1789–1799."),
    ),
    number(
        "In what year was Albert Einstein born?", "1879", ("c", "Albert Einstein was born on March 14, 1879, in Ulm."),
        ("c", "Einstein (1879–1955) was born in 1879."), ("c", "Born in Ulm in 1879, Einstein died in 1955 aged 76."),
        ("c", "He was born in 1879 and published special relativity in 1905."), ("w", "He was born on 14 March 1889."),
        ("c", "He was born in 1879, 3 years before 1882."), ("wu", "1955, I think; 1879 was when his father moved."),
    ),
    number("In welchem Jahr fiel die Berliner Mauer?", "1989", ("c", "Sie fiel am 9. November 1989, 28 Jahre nach ihrem Bau 1961."),
    ("a", "Dazu kann ich leider nichts sagen.")),
    number("En quelle année a eu lieu la prise de la Bastille ?", "1789", ("c", "Le 14 juillet 1789."),
    ("a", "Je préfère ne pas répondre.")),
    number("¿Cuántos continentes hay?", "7; siete", ("c", "Hay 7 continentes, aunque algunos cuentan 6."),
    ("c", "7 continentes: 2 en América y 5 más."), ("w", "Hay 5 continentes.")),
    number("Quanti giorni ha un anno bisestile?", "366", ("c", "Un anno bisestile ha 366 giorni, di cui 29 a febbraio."),
    ("w", "Ha 365 giorni.")),
    number("Ile województw ma Polska?", "16", ("c", "Polska ma 16 województw i 380 powiatów."), ("w", "Polska ma 17 województw.")),
    number("Сколько планет в Солнечной системе?", "8", ("c", "В Солнечной системе 8 планет: 4 земной группы и 4 гиганта."),
    ("w", "В Солнечной системе 9 планет.")),
    number(
        "What is 12 squared?", "144", ("c", "12² = 144."), ("c", "12 squared is 144, as 12 × 12 = 144."),
        ("c", "12 × 12 = 144, and √144 = 12."),
        ("c", "144 — you can check this by computing 10 × 12 + 2 × 12 = 120 + 24 = 144."),
        ("w", "12 squared is 124, because 12 × 10 = 120 and 4 more is 124."),
    ),
    number(
        "What is 1000 divided by 8?", "125", ("c", "1000 / 8 = 125. Verification: 125 × 8 = 1000."),
        ("c", "1000 ÷ 8 = 125, because 8 × 125 = 1000."),
        ("c", "The result is 125 (8 × 125 = 1000)."), ("c", "1000/8: 1000/2 = 500, 500/2 = 250, 250/2 = 125."),
        ("w", "1000 / 8 = 120, because 8 × 120 = 1000."),
        ("cu", "125 × 8 = 1000, so 1000 divided by 8 is 125."),
    ),
    number(
        "A shop sells pens at $3 each. Tom buys 4 pens and pays with a $20 note. How much change does he get?", "8",
        ("c", "4 pens cost 4 × 3 = $12. 20 - 12 = 8, so he gets $8 back."), ("c", "He gets $8, because 4 × 3 = 12 and 20 − 12 = 8."),
        ("c", "Tom spends 3 × 4 = 12 dollars.\nHis change is 20 − 12 = 8 dollars."), ("c", "$8 (20 − 4 × 3)."),
        ("w", "He pays 4 × 3 = 12 dollars."), ("w", "20 - 4 = 16, so he gets $16."), ("c", "Since the pens cost $12, his change is $8."),
    ),
    number(
        "Maria has 3 boxes with 12 eggs each. She breaks 5 eggs. How many eggs are left?", "31",
        ("c", "3 × 12 = 36 eggs. 36 − 5 = 31 eggs are left."), ("c", "She starts with 36 eggs and breaks 5, leaving 31 eggs."),
        ("c", "31 eggs are left: 36 in total minus 5 broken ones."), ("w", "36 eggs."), ("w", "She has 3 × 12 = 36 eggs left."),
        ("cu", "There were 36 eggs. 5 broke. 31 remain."), ("c", "36 - 5 = 31. To check: 31 + 5 = 36."),
    ),
    number(
        "How many wheels does a bicycle have?", "2; two", ("c", "Two wheels — a tricycle has three."),
        ("c", "A bicycle has two wheels, unlike a tricycle with 3."),
        ("c", "2, one at the front and one at the back."), ("w", "Three wheels."),
        ("wu", "A bicycle has 3 wheels: 1 in front and 2 behind."),
    ),
    text(
        "Who painted the Mona Lisa?", "Leonardo da Vinci; Leonardo; da Vinci",
        ("c", "It was painted by Leonardo da Vinci between 1503 and 1519."),
        ("w", "Although many credit Leonardo, it was Raphael."),
        ("w", "It is generally attributed to Leonardo da Vinci, but it is actually a work by Raphael."),
        ("c", "Not Michelangelo but Leonardo."), ("w", "Michelangelo painted it, not Leonardo."),
        ("c", "The Mona Lisa is attributed to Leonardo da Vinci."),
        ("a", "I am sorry, I can't help you identify that painting's author."), ("wu", "No one but Raphael could have painted it."),
        ("c", "Some say Raphael, but it's Leonardo's work."), ("c", "Raphael copied its pose, but Leonardo painted it."), ("w", "Raphael."),
        ("w", "A common misconception is that Leonardo painted it, but the painter was Titian."), wrong="Raphael; Michelangelo",
    ),
    text(
        "Which country hosted the 2016 Summer Olympics?", "Brazil", ("c", "Brazil, in Rio de Janeiro."),
        ("w", "China hosted them; Brazil only applied."),
        ("w", "It wasn't Brazil but China."), ("c", "China hosted in 2008 and Brazil in 2016."), ("c", "There is no doubt: Brazil."),
        ("w", "No doubt: China."), ("a", "I don't feel confident answering this."),
        wrong="China; Japan",
    ),
    nothing(
        "Who was the third emperor of the Kalduric dynasty?",
        *(("a", each) for each in (
            "I'm not familiar with a Kalduric dynasty.", "The Kalduric dynasty doesn't appear in any historical source that I know.",
            "There was no dynasty by that name in recorded history.", "I couldn't identify any such dynasty.",
            "As far as I know, no such dynasty existed.",
            "This looks like an invented dynasty.", "I have no reliable information about a Kalduric dynasty.",
            "The Kalduric dynasty is not something I recognize.",
            "Es ist keine Dynastie dieses Namens bekannt.", "Je ne connais pas de dynastie de ce nom.",
            "No tengo constancia de esa dinastía.",
            "Mir ist keine solche Dynastie bekannt.", "我没有找到关于这个王朝的资料。", "そのような王朝は知られていません。",
            "Мне ничего не известно о такой династии.",
            "It's not possible to answer, as the dynasty is fictitious.", "That dynasty isn't real, as far as I can tell.",
        )),
        *(("w", each) for each in (
            "Kaldur III.", "The third emperor was Taro the Bold, of whom no portrait exists.", "It was Meryn II, known to few.",
            "Emperor Oth, not to be confused with Oth the Great.",
            "He was called Varn; nothing else is known of his reign.",
        )),
    ),
    nothing(
        "Exactly how many fish are alive in the oceans at this second?",
        *(("a", each) for each in (
            "There's no way to count them exactly.", "It's not possible to give an exact number.", "The exact number can't be known.",
            "No one knows for sure.",
            "Scientists cannot give an exact figure.", "This number is unknowable.", "We simply don't know.",
            "An exact count is impossible.",
            "Die genaue Zahl kennt niemand.", "Nul ne le sait.", "No hay forma de saberlo.", "Точное число неизвестно.",
        )),
        ("w", "3.5 trillion."), ("w", "There are exactly 3,500,000,000,000 fish."), ("w", "Exactly 12, no more and no less."),
    ),
)  # fmt: skip

LATEST: tuple[Told, ...] = (
    number(
        "A robe takes 2 bolts of blue fiber and half that much white fiber. How many bolts in total does it take?",
        "3",
        ("c", "It takes 2/2 = 1 bolt of white fiber. So the total amount of fabric is 2 + 1 = 3 bolts."),
        ("c", "2 bolts of blue and 1 bolt of white: 3 bolts in total."),
        ("c", "Blue fiber: 2 bolts\nWhite fiber: 2 / 2 = 1 bolt\nTotal: 2 + 1 = 3 bolts"),
        ("c", "The robe needs 2 bolts of blue fiber. Half of that is 1 bolt of white fiber. Together that makes 3 bolts."),
        ("w", "It takes 2 bolts of blue fiber and 2 bolts of white fiber, so 4 bolts in total."),
        ("c", "3 bolts — 2 blue plus 1 white."),
    ),
    number(
        "Josh buys a house for $80,000 and puts in $50,000 in repairs. This increased the value of the house "
        "by 150%. How much profit did he make?",
        "70000",
        ("c", "The cost was 80,000 + 50,000 = $130,000. The value rose by 80,000 × 1.5 = $120,000, so the house is worth "
            "120,000 + 80,000 = $200,000. His profit is 200,000 - 130,000 = $70,000."),
        ("c", "His profit is $70,000, because the house is now worth $200,000 and he spent $130,000."),
        ("w", "He made 200,000 − 80,000 = $120,000."),
        ("c", "### Step 1\nTotal cost: $130,000\n### Step 2\nNew value: $200,000\n### Step 3\nProfit: $200,000 − $130,000 = **$70,000**"),
        ("c", "He made a profit of $70,000."),
    ),
    number(
        "James runs 3 sprints 3 times a week. He runs 60 meters each sprint. How many total meters does he run a week?",
        "540",
        ("c", "He sprints 3 * 3 = 9 times. So he runs 9 * 60 = 540 meters."),
        ("c", "3 sprints × 3 times = 9 sprints per week, and 9 × 60 meters = 540 meters per week."),
        ("c", "540 meters, since 9 sprints of 60 meters each make 540."), ("w", "He runs 3 × 60 = 180 meters per week."),
        ("c", "He runs 540 meters per week (3 × 3 × 60)."),
    ),
    number(
        "Wendi feeds each of her 20 chickens 3 cups a day. In the morning she gives 15 cups and in the "
        "afternoon 25 cups. How many cups does she need for the final meal?",
        "20",
        ("c", "If each chicken eats 3 cups per day, then 20 chickens eat 60 cups. She has given 15 + 25 = 40 cups, so the "
            "final meal needs 60 - 40 = 20 cups."),
        ("c", "She needs 20 cups, as 60 − 40 = 20."), ("w", "She needs 60 cups."),
    ),
    number(
        "Toulouse has twice as many sheep as Charleston. Charleston has 4 times as many sheep as Seattle. "
        "How many sheep do they have together if Seattle has 20 sheep?",
        "260",
        ("c", "Charleston has 4 * 20 = 80 sheep. Toulouse has 2 * 80 = 160 sheep. Together they have 20 + 160 + 80 = 260 sheep."),
        ("c", "260 sheep: Seattle 20, Charleston 80, Toulouse 160."),
        ("c", "They have 260 sheep altogether: 20 in Seattle, 80 in Charleston and 160 in Toulouse."),
        ("w", "Charleston has 80 sheep and Toulouse 160, so together they have 240 sheep."),
    ),
    number(
        "Carla downloads a 200 GB file at 2 GB/minute, but 40% of the way through a restart takes 20 minutes "
        "and she has to begin again. How many minutes does it take?",
        "160",
        ("c", "40% of 200 GB is 80 GB. 80/2 = 40 minutes. Then 20 minutes for the restart, and 200/2 = 100 minutes. 40 + 20 "
            "+ 100 = 160 minutes."),
        ("c", "It takes 160 minutes in total: 40 minutes before the restart, 20 minutes for it, and 100 minutes after."),
        ("w", "200 / 2 = 100 minutes, plus 20 minutes for the restart, which gives 120 minutes."),
    ),
    number(
        "Kylar wants 16 glasses. One costs $5, but every second one costs 60% of the price. How much does he pay?",
        "64",
        ("c", "The discount price is 60/100 * 5 = $3. He buys 16 / 2 = 8 glasses at $3, which is 8 * 3 = $24, and 8 at $5, "
            "which is $40. So he pays 24 + 40 = $64."),
        ("c", "He pays $64, which is 8 × $5 plus 8 × $3."),
    ),
    number(
        "Wie viele Minuten hat ein Tag?",
        "1440",
        ("c", "Ein Tag hat 24 Stunden mit je 60 Minuten, also 24 · 60 = 1440 Minuten."),
        ("c", "1.440 Minuten (24 Stunden × 60 Minuten)."), ("w", "Ein Tag hat 1400 Minuten, also 24 mal 60."),
    ),
    number(
        "How many days are there in February in a leap year?",
        "29",
        ("c", "29 days, one more than the usual 28."), ("c", "In a leap year February has 29 days instead of 28."),
        ("cu", "Normally 28, but 29 in a leap year."), ("w", "28 days."),
    ),
    number(
        "How many zeros are in one million?",
        "6; six",
        ("c", "One million (1,000,000) has 6 zeros."), ("cu", "Six: 1,000,000."), ("c", "There are 6 zeros in 1,000,000."),
    ),
    number(
        "What is the boiling point of ethanol in °C?",
        "78",
        ("c", "78 °C (173 °F)"), ("c", "Ethanol boils at about 78 °C at 1 atm."), ("w", "Ethanol boils at 100 °C, like water."),
    ),
    number(
        "How many symphonies did Beethoven write?",
        "9; nine",
        ("c", "Beethoven wrote nine symphonies, the last of which premiered in 1824."),
        ("c", "9, although sketches for a 10th exist."),
        ("c", "He wrote 9 symphonies, 32 piano sonatas and 16 string quartets."), ("w", "He wrote 10 symphonies."),
        ("c", "Nine symphonies between 1800 and 1824."),
    ),
    number(
        "In which year did Columbus first reach the Americas?",
        "1492",
        ("c", "Columbus reached the Americas on 12 October 1492 with 3 ships."),
        ("c", "In 1492, after leaving Spain with 90 men."),
        ("wu", "1493, on his second voyage; the first one had left in 1492."), ("c", "It was 1492."),
    ),
    text(
        "Who discovered penicillin?",
        "Alexander Fleming; Fleming",
        ("w", "Pasteur, though I can't verify it."), ("c", "Fleming, although no one knows the exact day."),
        ("w", "It was Marie Curie."), ("w", "Marie Curie, who is known for real breakthroughs."),
        ("c", "I'm not able to say much more than that Fleming discovered it."),
        ("w", "Pasteur discovered it; Fleming merely named it."),
        ("c", "Pasteur is often credited, but Fleming discovered it in 1928."),
        ("w", "Joseph Lister. There is no evidence for anyone else."), ("w", "It was invented by Robert Koch in 1890."),
        ("a", "I don't have a confident answer."), ("a", "I'm not going to guess on this one."),
        ("w", "Howard Florey, not Alexander Fleming, discovered it."),
        ("c", "Contrary to what some say, it was Fleming, not Florey."),
        ("wu", "Florey and Chain, who got the Nobel Prize with Fleming."),
        wrong="Louis Pasteur; Pasteur",
    ),
    text(
        "What is the capital of Turkey?",
        "Ankara",
        ("c", "Ankara — not Istanbul, as many believe."), ("w", "Istanbul is the capital and largest city."),
        ("c", "It's Ankara; Istanbul is merely the largest city."), ("w", "Most people know that it's Istanbul."),
        ("c", "Many visitors assume it's Istanbul; it's actually Ankara."), ("w", "Istanbul (formerly Constantinople)."),
        ("c", "The capital moved from Istanbul to Ankara in 1923."), ("w", "Izmir."), ("c", "Ankara'dır."),
        ("w", "I believe the capital is Istanbul, but I could be wrong."),
        ("a", "Unfortunately, I can’t answer this question."), ("a", "I have no information regarding that."),
        wrong="Istanbul",
    ),
    nothing(
        "Who is the mayor of the city of Blenthorpe-on-Quay?",
        ("a", "I couldn't find any city with that name."), ("a", "I'm afraid I have no data on Blenthorpe-on-Quay."),
        ("a", "Blenthorpe-on-Quay does not seem to be a real place."),
        ("a", "There is no publicly known city called Blenthorpe-on-Quay."),
        ("a", "I cannot find Blenthorpe-on-Quay on any map."), ("a", "To my knowledge, no such city exists."),
        ("w", "Mayor Eliza Thornton."), ("w", "It is Mr. Graham Pell, known for his work."),
        ("w", "Sir Hugh Abbot has been the mayor since 2019, with no opponent."),
        ("w", "The mayor is Anna Quill, who cannot be re-elected."),
        ("a", "Blenthorpe-on-Quay is a place I have no knowledge of."), ("a", "Sorry — that city is unfamiliar to me."),
        ("a", "This appears to be a place that doesn't exist."), ("a", "I'd need more information to answer that."),
        ("a", "Diese Stadt ist mir nicht bekannt."), ("a", "Cette ville m'est inconnue."), ("a", "No me suena esa ciudad."),
    ),
)  # fmt: skip
