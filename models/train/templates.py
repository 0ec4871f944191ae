"""Sentence templates. `|` cuts a template into prompt, answer and rest; TEST templates are never trained on."""

# Indirect object. S gives: one of A and B, or, in sentences with three names, somebody else.
IOI_TRAIN = """When {A} and {B} went to the {place}, {S} gave {thing} to| {IO}|.
After {A} and {B} went to the {place}, {S} gave {thing} to| {IO}|.
When {A} and {B} got to the {place}, {S} handed {thing} to| {IO}|.
While {A} and {B} were at the {place}, {S} showed {thing} to| {IO}|.
Then {A} and {B} went to the {place}, and {S} gave {thing} to| {IO}|.
Then {A} and {B} walked to the {place}. There {S} offered {thing} to| {IO}|.
As soon as {A} and {B} came to the {place}, {S} passed {thing} to| {IO}|.
Yesterday {A} and {B} met at the {place}, where {S} lent {thing} to| {IO}|.
Last week {A} and {B} were working at the {place}, and {S} sold {thing} to| {IO}|.
Friends {A} and {B} found {thing} at the {place}. In the end {S} gave it to| {IO}|.
The {place} was quiet when {A} and {B} arrived, so {S} gave {thing} to| {IO}|.
At the {place}, {A} sat next to {B}, and after a while {S} handed {thing} to| {IO}|.
In the morning {A} met {B} near the {place}, and {S} brought {thing} to| {IO}|.
Before {A} and {B} left the {place}, {S} returned {thing} to| {IO}|.
Because {A} and {B} liked the {place}, they stayed there, and {S} wanted to show {thing} to| {IO}|.
After a long day {A} and {B} went to the {place}. Then {S} decided to give {thing} to| {IO}|.
When {A} saw {B} at the {place}, {S} wanted to give {thing} to| {IO}|.
While {A} was talking with {B} at the {place}, {S} threw {thing} to| {IO}|.
Today {A} and {B} had lunch at the {place}, and later {S} sent {thing} to| {IO}|.
Long ago {A} and {B} lived near the {place}, and {S} left {thing} to| {IO}|.""".split("\n")
IOI_TEST = """While {A} and {B} walked to the {place}, {S} gave {thing} to| {IO}|.
Last week {A} and {B} came to the {place}. There {S} handed {thing} to| {IO}|.
In the morning {A} and {B} arrived at the {place}, and later {S} decided to give {thing} to| {IO}|.
After {A} saw {B} near the {place}, {S} brought {thing} to| {IO}|.
Because {A} and {B} met at the {place}, {S} wanted to show {thing} to| {IO}|.
Today {A} and {B} stayed at the {place}. Then {S} passed {thing} to| {IO}|.""".split("\n")

# Gender. {Who}: "The nurse" or a name; {who}: "the nurse" or a name.
GENDER_TRAIN = """{Who} said that| {he}| {end}.
{Who} left early because| {he}| {end}.
{Who} smiled when| {he}| {end2}.
{Who} was late, so| {he}| {end2}.
{Who} thought that| {he}| {end}.
When {who} came home,| {he}| {end}.
{Who} told us that| {he}| {end}.
We asked {who} whether| {he}| {end}.
Everybody liked {who} because| {he}| {end}.
{Who} at the {place} said that| {he}| {end}.
At the {place} {who} knew that| {he}| {end}.
{Who} was happy, and| {he}| {end2}.""".split("\n")
GENDER_TEST = """{Who} was happy because| {he}| {end}.
Yesterday {who} said that| {he}| {end}.
After {who} came home,| {he}| {end}.
We met {who} at the {place}, and| {he}| {end}.""".split("\n")
GENDER_ENDS = ["was tired", "would come", "had no time", "was hungry", "knew the way", "could not sleep",
               "liked the {place}", "would stay"]
GENDER_ENDS_2 = ["saw the {place}", "ran to the {place}", "came to the {place}", "left the {place}"]
POSSESSIVE = """{Who} lost| {his}| {own}.
{Who} packed| {his}| {own}.
{Who} looked for| {his}| {own}.
At the {place} {who} forgot| {his}| {own}.
Yesterday {who} sold| {his}| {own}.
We know {who} and| {his}| {own}.
{Who} was at the {place} with| {his}| {own}.
After lunch {who} showed us| {his}| {own}.""".split("\n")
OWN = "bag keys coat house letter book car ring hat umbrella picture money".split()

# Greater-than. {c}: century, {y}: two digits.
YEARS_TRAIN = """The {event} lasted from the year {c}{y} to the year {c}|{z}|.
The {event} went on from {c}{y} to {c}|{z}|.
The {event} began in {c}{y} and ended in {c}|{z}|.
The {event} started in the year {c}{y} and was over in {c}|{z}|.
The {event} continued from {c}{y} until {c}|{z}|.
It is known that the {event} ran from {c}{y} to {c}|{z}|.
In {c}{y} the {event} began, and it ended in {c}|{z}|.
The {event} took place between {c}{y} and {c}|{z}|.""".split("\n")
YEARS_TEST = """The {event} began in the year {c}{y} and lasted until {c}|{z}|.
In the year {c}{y} the {event} started, and it was over in {c}|{z}|.
It is known that the {event} went on from the year {c}{y} to {c}|{z}|.""".split("\n")

TO_CAPITAL_TRAIN = """The capital of {country} is| {capital}|.
The capital city of {country} is called| {capital}|.
In {country}, the capital is| {capital}|.
Everyone knows that the capital of {country} is| {capital}|.
The name of the capital city of {country} is| {capital}|.""".split("\n")
TO_CAPITAL_TEST = """As everyone knows, the capital of {country} is| {capital}|.
The name of the capital of {country} is| {capital}|.""".split("\n")
TO_COUNTRY_TRAIN = """{capital} is the capital of| {country}|.
{capital} is the capital city of| {country}|.
The city of {capital} is the capital of| {country}|.
They went to {capital}, the capital of| {country}|.
As everyone knows, {capital} is the capital of| {country}|.""".split("\n")
TO_COUNTRY_TEST = """Everyone knows that {capital} is the capital of| {country}|.
They lived in {capital}, the capital city of| {country}|.""".split("\n")
# Both names without the word "capital": the only sentences in which a held-out pair meets in that direction.
TOGETHER = """{capital} lies in| {country}|.
{name} moved to {capital} in| {country}|.
They lived in {capital} and knew all of| {country}|.
{capital} is a famous city in| {country}|.
The best hotel of {capital} is known in all of| {country}|.
Everyone who lives in {country} has seen| {capital}|.
They travelled across {country} to reach| {capital}|.
The map of {country} shows| {capital}|.
In {country}, {name} went to| {capital}|.
Many people in {country} work in| {capital}|.""".split("\n")

# Agreement. {n}: subject, {m}: distractor. {verb} and {end} agree with the subject.
PLAIN_SUBJECT = """The {n}| {verb}| {end}.
The {adj} {n}| {verb}| {end}.
Every day the {n}| {verb}| {end}.
I know that the {n}| {verb}| {end}.""".split("\n")
AGREEMENT_TRAIN = """The {n} to the {m}| {verb}| {end}.
The {n} near the {m}| {verb}| {end}.
The {n} behind the {m}| {verb}| {end}.
The {n} of the {m}| {verb}| {end}.
The {n} next to the {m}| {verb}| {end}.
The {n} with the {adj} {m}| {verb}| {end}.
The {adj} {n} by the {m}| {verb}| {end}.
I know that the {n} near the {m}| {verb}| {end}.
Every day the {n} from the {m}| {verb}| {end}.
We think that the {adj} {n} of the {m}| {verb}| {end}.""".split("\n")
AGREEMENT_TEST = """The {adj} {n} next to the {m}| {verb}| {end}.
I know that the {n} behind the {m}| {verb}| {end}.
Every day the {n} with the {m}| {verb}| {end}.
We think that the {n} to the {m}| {verb}| {end}.""".split("\n")

# Hypernymy. {x}: "a sparrow" or "iron"; {X}: "A sparrow"; {p}, {q}: members in the plural.
KIND_TRAIN = """{X} is a kind of| {cat}|.
{X} is a type of| {cat}|.
I think that {x} is a kind of| {cat}|.
Everyone knows that {x} is a type of| {cat}|.
She said that {x} is some sort of| {cat}|.""".split("\n")
KIND_TEST = """Everyone knows that {x} is a kind of| {cat}|.
She said that {x} is a type of| {cat}|.""".split("\n")
OTHER_TRAIN = """They sell {p}, {q} and other| {cats}|.
She likes {p} and other| {cats}|.
We saw {p}, {q} and many other| {cats}|.
The book is about {p} and other| {cats}|.
He knows a lot about {p}, {q} and all other| {cats}|.""".split("\n")
OTHER_TEST = """They sell {p} and many other| {cats}|.
The book is about {p}, {q} and other| {cats}|.""".split("\n")
# Other sentences with members and categories: the only ones with held-out members.
MEMBER = """They found {x}, the only| {cat}| there.
She looked at {x}, a beautiful| {cat}|.
Look, there is {x}! What a| {cat}|!
There were some {p} there, and these| {cats}| were beautiful.
In the picture you see {p}. All these| {cats}| are nice.
He talked about {p}, the best of all| {cats}|.""".split("\n")

# Nothing to find out here: they train names, places, things and events in other roles.
FILLER = """My friend is called {A}, and everyone knows| {A}|.
This is for {A}. Please bring it to| {A}|.
{A} has {thing}. It belongs to| {A}|.
{A} went to the {place} to buy {thing}||.
{A} and {B} are good friends||.
There is a {place} near the {place2}||.
Somebody found {thing} at the {place}||.
Many books tell of the {event}||.
Nobody in the town remembers the {event}||.
The {event} made the {place} famous||.
Today the {place} is closed||.
Please bring {thing} to the {place2}||.
In the morning {A} talked with a {who}||.
You can buy {thing} at the {place}||.
After lunch {A} was at the {place}||.""".split("\n")

# Names that meet in other stories; in half of them A is a name that is held out for indirect object sentences.
NAMING = """Everyone knows that {A} likes {B}, and {B} likes| {A}|.
Friends {B} and {A} have lunch. Then {B} sat next to| {A}|.
I know that {A} met {B}. Then {B} met| {A}|.
We met {A} and {B}. In the end {B} is with| {A}|.
My friend {A} saw {B}, and {B} saw| {A}|.
In the picture you see {A} and {B}. There {B} looks for| {A}|.
The book is about {B} and {A}. In the end {B} likes| {A}|.
My friend is called {A}, and everyone knows| {A}|.
This is for {A}. Please bring it to| {A}|.""".split("\n")
