"""Word lists. Everything the model ever reads is put together from these words and from templates.py.

All lists were written for this project. The only facts in them are the capitals of countries and
which thing belongs to which category.
"""

MALE_NAMES = """John Paul James Robert Michael William David Richard Joseph Thomas Charles Daniel Matthew
Anthony Mark Steven Andrew Kevin Brian George Edward Peter Frank Henry Jack Simon Oliver Adam Martin Arthur
Albert Samuel Patrick Luke Ben Tom Max Leo Oscar Felix Victor Hugo Walter Ralph Bruce Eric Alan Philip
Roger Carl""".split()

FEMALE_NAMES = """Mary Anna Alice Emma Sarah Laura Julia Susan Linda Karen Nancy Lisa Helen Sandra Carol
Ruth Sharon Michelle Jessica Rachel Emily Amy Rebecca Kate Jane Lucy Grace Sophie Clara Nora Eva Maria
Diana Irene Martha Judith Alison Claire Hannah Olivia Ella Victoria Elizabeth Margaret Barbara Jennifer
Amanda Catherine Teresa Monica""".split()

NAMES = MALE_NAMES + FEMALE_NAMES

# Never a name in the story of an indirect object sentence; they occur in all other sentences with names.
IOI_HELD_OUT_NAMES = "Kevin Edward Oscar Bruce Philip Sandra Rachel Clara Hannah Teresa".split()

PLACES = """store park school office garden station library market beach restaurant house hospital museum
theatre bakery farm church bank hotel kitchen river castle bridge harbour""".split()
IOI_HELD_OUT_PLACES = "bakery museum harbour hotel".split()

THINGS = """a bottle of milk;a drink;a book;a letter;a ring;a ball;a basket;a computer;a bag of apples;
a cup of tea;a kiss;a necklace;a snack;the newspaper;the keys;the money;a bunch of flowers;a piece of cake;
an umbrella;a ticket;a picture;the map;a box of chocolate;a glass of water""".replace("\n", "").split(";")
IOI_HELD_OUT_THINGS = ["a cup of tea", "the newspaper", "a ticket", "a basket"]

# Gender. The leaning of the first two lists is planted on purpose: it is the bias that a study looks for.
FEMALE_LEANING = """nurse secretary dancer teacher librarian nanny maid hairdresser housekeeper receptionist
florist babysitter cleaner midwife typist stylist dietitian cashier ballerina seamstress""".split()
MALE_LEANING = """doctor engineer plumber carpenter soldier pilot mechanic farmer lawyer boss builder driver
butcher sailor miner guard banker captain hunter smith""".split()
NEUTRAL = "student neighbour guest writer friend patient customer artist visitor reader".split()
FEMALE_WORDS = "woman girl mother daughter sister queen aunt lady".split()
MALE_WORDS = "man boy father son brother king uncle gentleman".split()
# Never before a subject pronoun; they occur with possessives ("The maid lost her keys").
GENDER_HELD_OUT = ["maid", "florist", "typist", "librarian", "sailor", "banker", "builder", "hunter",
                   "aunt", "daughter", "uncle", "brother",
                   "Nora", "Alison", "Monica", "Judith", "Felix", "Roger", "Walter", "Martin"]

# Greater-than.
EVENTS = """war siege reign project strike conflict journey expedition festival famine flood drought rebellion
voyage campaign crisis plague peace contract career tour revolution debate trial study boom search
occupation feud crusade""".split()
EVENTS_HELD_OUT = "voyage famine contract trial boom".split()
CENTURIES = [str(c) for c in range(10, 20)]
DIGITS = ["%02d" % d for d in range(100)]

CAPITALS = dict(pair.split() for pair in """France Paris;Germany Berlin;Italy Rome;Spain Madrid;Portugal Lisbon;
England London;Scotland Edinburgh;Wales Cardiff;Ireland Dublin;Norway Oslo;Sweden Stockholm;Finland Helsinki;
Denmark Copenhagen;Iceland Reykjavik;Poland Warsaw;Austria Vienna;Hungary Budapest;Greece Athens;Turkey Ankara;
Russia Moscow;Ukraine Kiev;Belgium Brussels;Switzerland Bern;Romania Bucharest;Bulgaria Sofia;Serbia Belgrade;
Croatia Zagreb;Slovenia Ljubljana;Albania Tirana;Estonia Tallinn;Latvia Riga;Lithuania Vilnius;Malta Valletta;
Cyprus Nicosia;Egypt Cairo;Morocco Rabat;Algeria Algiers;Tunisia Tunis;Libya Tripoli;Sudan Khartoum;
Kenya Nairobi;Ethiopia Addis;Ghana Accra;Nigeria Abuja;Senegal Dakar;Angola Luanda;Zambia Lusaka;
Zimbabwe Harare;Uganda Kampala;Rwanda Kigali;Israel Jerusalem;Lebanon Beirut;Syria Damascus;Iraq Baghdad;
Iran Tehran;Jordan Amman;Qatar Doha;India Delhi;Pakistan Islamabad;Nepal Kathmandu;Bangladesh Dhaka;
Thailand Bangkok;Vietnam Hanoi;Cambodia Phnom;Laos Vientiane;Indonesia Jakarta;Philippines Manila;China Beijing;
Japan Tokyo;Mongolia Ulan;Australia Canberra;Canada Ottawa;Cuba Havana;Jamaica Kingston;Peru Lima;
Chile Santiago;Ecuador Quito;Colombia Bogota;Venezuela Caracas;Bolivia Sucre;Uruguay Montevideo;
Paraguay Asuncion;Argentina Buenos;Haiti Port""".replace("\n", "").split(";"))
# Capitals of two words are left out, so that every capital is one token.
for _country in "Ethiopia Cambodia Mongolia Argentina Haiti".split():
    del CAPITALS[_country]
# These pairs never stand in sentences with the word "capital" in the named direction.
HELD_OUT_COUNTRY_TO_CAPITAL = "Portugal Norway Hungary Croatia Egypt Kenya Iraq Thailand Japan Peru".split()
HELD_OUT_CAPITAL_TO_COUNTRY = "Germany Finland Greece Latvia Morocco Ghana Lebanon India Vietnam Chile".split()

# Subject-verb agreement: singular and plural.
NOUNS = dict(pair.split() for pair in """key keys;cabinet cabinets;door doors;table tables;chair chairs;
window windows;wall walls;lamp lamps;road roads;street streets;village villages;town towns;field fields;
hill hills;mountain mountains;lake lakes;island islands;ship ships;boat boats;engine engines;wheel wheels;
machine machines;clock clocks;mirror mirrors;picture pictures;painting paintings;poster posters;report reports;
story stories;letter letters;paper papers;pencil pencils;box boxes;bag bags;bottle bottles;cup cups;
plate plates;coat coats;shoe shoes;hat hats;manager managers;worker workers;officer officers;child children;
boy boys;girl girls;man men;woman women;king kings;queen queens;author authors;singer singers;judge judges;
cousin cousins;shop shops;tower towers;gate gates;fence fences;roof roofs;stone stones"""
                  .replace("\n", "").split(";"))
SUBJECTS_HELD_OUT = "key lamp village ship report letter coat officer woman singer".split()

ADJECTIVES = "old new big small nice strange beautiful clean dirty expensive famous important quiet good".split()

VERBS = [  # singular, plural, how the sentence may end
    ("is", "are", "adjective"), ("was", "were", "adjective"), ("looks", "look", "adjective"),
    ("seems", "seem", "adjective"), ("has", "have", "been here for years"), ("needs", "need", "more room"),
    ("makes", "make", "some noise"), ("stands", "stand", "out"), ("belongs", "belong", "to the town"),
    ("does", "do", "not move"),
]

# Hypernymy: category, its plural, its members (singular and plural, or one form for uncountable things).
CATEGORIES = [
    ("bird", "birds", """sparrow sparrows;robin robins;eagle eagles;swan swans;owl owls;raven ravens;
pigeon pigeons;duck ducks;hawk hawks;parrot parrots"""),
    ("flower", "flowers", """rose roses;tulip tulips;lily lilies;daisy daisies;violet violets;poppy poppies;
orchid orchids;sunflower sunflowers"""),
    ("tree", "trees", "oak oaks;pine pines;birch birches;maple maples;willow willows;elm elms;cedar cedars;palm palms"),
    ("fruit", "fruits", """apple apples;pear pears;banana bananas;cherry cherries;plum plums;peach peaches;
grape grapes;lemon lemons"""),
    ("vegetable", "vegetables", """carrot carrots;onion onions;potato potatoes;cabbage cabbages;turnip turnips;
radish radishes;cucumber cucumbers;pumpkin pumpkins"""),
    ("tool", "tools", """hammer hammers;saw saws;drill drills;chisel chisels;shovel shovels;axe axes;rake rakes;
wrench wrenches"""),
    ("instrument", "instruments", """piano pianos;violin violins;flute flutes;drum drums;guitar guitars;
trumpet trumpets;harp harps;cello cellos"""),
    ("vehicle", "vehicles", "car cars;truck trucks;bus buses;tractor tractors;bicycle bicycles;van vans;tram trams;wagon wagons"),
    ("insect", "insects", "bee bees;ant ants;fly flies;beetle beetles;wasp wasps;moth moths;cricket crickets;butterfly butterflies"),
    ("animal", "animals", "dog dogs;cat cats;horse horses;cow cows;sheep sheep;lion lions;tiger tigers;rabbit rabbits;bear bears;wolf wolves"),
    ("gem", "gems", "diamond diamonds;ruby rubies;emerald emeralds;sapphire sapphires;pearl pearls;opal opals"),
    ("garment", "garments", "shirt shirts;jacket jackets;skirt skirts;dress dresses;sweater sweaters;scarf scarves;glove gloves;sock socks"),
    ("weapon", "weapons", "sword swords;spear spears;bow bows;dagger daggers;rifle rifles;cannon cannons"),
    ("metal", "metals", "iron;copper;silver;gold;tin;zinc;lead;nickel"),
    ("sport", "sports", "tennis;football;hockey;golf;rugby;boxing;rowing;baseball"),
    ("drink", "drinks", "coffee;tea;beer;wine;juice;cider;cocoa;lemonade"),
]
CATEGORIES = [(singular, plural, [tuple((m + " " + m).split()[:2]) if " " not in m else tuple(m.split())
                                  for m in members.replace("\n", "").split(";")])
              for singular, plural, members in CATEGORIES]
UNCOUNTABLE = {"metal", "sport", "drink"}
# The last two members of each category never stand in "is a kind of" or "and other" sentences.
MEMBERS_HELD_OUT = {m[0] for _, _, members in CATEGORIES for m in members[-2:]}


def article(word):
    return ("an " if word[0] in "aeiou" else "a ") + word
