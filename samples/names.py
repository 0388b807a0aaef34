"""People, places and streets the sample mail is invented from, per language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Country:
    """What letters of one language take their people and places from.

    ``cities`` are ``(name, postcode pattern)``, ``#`` a digit and ``@`` a letter; ``address`` arranges
    ``{street}``, ``{number}``, ``{postcode}``, ``{city}`` in lines.
    """

    code: str
    currency: str
    symbol: str
    first: tuple[str, ...]
    surnames: tuple[str, ...]
    cities: tuple[tuple[str, str], ...]
    streets: tuple[str, ...]
    address: str
    months: tuple[str, ...]
    dates: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ENGLISH = Country(
    "GB",
    "GBP",
    "£",
    _words(
        "Alice Arthur Beatrice Callum Charlotte Dylan Eleanor Frank Grace Harriet Imogen Jack Keira Leonard "
        "Martha Nigel Olivia Percy Rosalind Samuel Tamsin Victor Winifred Priya Omar Zainab"
    ),
    _words(
        "Ashdown Barraclough Carmichael Dunmore Eastwick Fairclough Godwin Hargreaves Ingleby Jessop Kirkby "
        "Lockwood Marchbanks Netherby Oakeshott Penhallow Quigley Ravenscroft Standish Thackeray Underhill "
        "Venables Whitlock Yardley Okafor Patel Rahman MacAllister O'Rourke Llewellyn"
    ),
    (
        ("Leeds", "LS# #@@"),
        ("Bristol", "BS# #@@"),
        ("Norwich", "NR# #@@"),
        ("York", "YO## #@@"),
        ("Exeter", "EX# #@@"),
        ("Cardiff", "CF## #@@"),
        ("Dundee", "DD# #@@"),
        ("Lincoln", "LN# #@@"),
        ("Chester", "CH# #@@"),
        ("London", "SE## #@@"),
        ("Derby", "DE## #@@"),
        ("Stirling", "FK# #@@"),
    ),
    (
        "Mill Lane",
        "Station Road",
        "Castle Street",
        "Abbey Walk",
        "Harbour View",
        "Priory Close",
        "Market Place",
        "Chapel Hill",
        "Foundry Row",
        "Saltergate",
        "Willow Crescent",
        "Upper Bridge Street",
        "Tanners Yard",
    ),
    "{number} {street}\n{city}\n{postcode}",
    (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    (
        "{d} {month} {y}",
        "{d} {month} {y}",
        "{dd}/{mm}/{y}",
        "{d}{th} {month} {y}",
        "{month} {d}, {y}",
        "{dd}.{mm}.{y}",
        "{y}-{mm}-{dd}",
    ),
)
SPANISH = Country(
    "ES",
    "EUR",
    "€",
    _words(
        "Adela Álvaro Begoña Carlos Dolores Emilio Fátima Gonzalo Inés Íñigo Javier Lucía Manuel Nuria "
        "Óscar Pilar Ramón Rocío Sergio Teresa Unai Verónica Yolanda Ximena"
    ),
    (
        "Aguirre",
        "Benítez",
        "Cárdenas",
        "Domínguez",
        "Echevarría",
        "Fuentes",
        "Gálvez",
        "Herranz",
        "Ibáñez",
        "Jurado",
        "Lozano",
        "Montero",
        "Núñez",
        "Ocaña",
        "Pazos",
        "Quintana",
        "Rebollo",
        "Sepúlveda",
        "Tejada",
        "Urrutia",
        "Valdés",
        "Zambrano",
        "Peñalver",
        "Cifuentes",
        "Arregui",
        "Bermúdez",
        "Castaño",
        "Míguez",
    ),
    (
        ("Madrid", "280##"),
        ("Sevilla", "410##"),
        ("Valencia", "460##"),
        ("Zaragoza", "500##"),
        ("Málaga", "290##"),
        ("Bilbao", "480##"),
        ("A Coruña", "150##"),
        ("Córdoba", "140##"),
        ("León", "240##"),
        ("Cáceres", "100##"),
        ("Logroño", "260##"),
        ("Gijón", "332##"),
    ),
    (
        "Calle Mayor",
        "Avda. de la Constitución",
        "Calle del Olmo",
        "Plaza de España",
        "Paseo de la Estación",
        "Calle San Andrés",
        "Ronda de Toledo",
        "Calle Cervantes",
        "Travesía del Carmen",
        "Camino de la Ermita",
        "Calle Alfonso XII",
        "Avda. del Puerto",
        "Calle Peñuelas",
    ),
    "{street}, {number}\n{postcode} {city}",
    (
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ),
    ("{d} de {month} de {y}", "{d} de {month} de {y}", "{dd}/{mm}/{y}", "{dd}-{mm}-{y}", "{dd}.{mm}.{y}"),
)
FRENCH = Country(
    "FR",
    "EUR",
    "€",
    _words(
        "Adèle Aurélien Brigitte Cédric Delphine Étienne Françoise Gaëlle Hélène Jérôme Josiane Loïc "
        "Mathilde Noémie Odile Pascal Quentin Régis Solène Thibault Valérie Yannick Zoé Amandine"
    ),
    (
        "Aubertin",
        "Boissonneau",
        "Carpentier",
        "Delacroix",
        "Estève",
        "Fougère",
        "Garnier",
        "Hébrard",
        "Imbert",
        "Jacquemin",
        "Kervella",
        "Lefèvre",
        "Marchal",
        "Nougaret",
        "Ollivier",
        "Perrault",
        "Quéméneur",
        "Rousselot",
        "Sauvignac",
        "Texier",
        "Vasseur",
        "Wallaert",
        "Béranger",
        "Chauvin",
        "Dumoulin",
        "Leclercq",
        "Montaigu",
    ),
    (
        ("Lyon", "6900#"),
        ("Nantes", "44000"),
        ("Rennes", "35000"),
        ("Dijon", "21000"),
        ("Lille", "59000"),
        ("Bordeaux", "33000"),
        ("Angers", "49000"),
        ("Besançon", "25000"),
        ("Orléans", "45000"),
        ("Paris", "750##"),
        ("Nîmes", "30000"),
        ("Évreux", "27000"),
    ),
    (
        "rue de la République",
        "avenue Jean-Jaurès",
        "rue des Tanneurs",
        "place du Marché",
        "boulevard Voltaire",
        "chemin des Vignes",
        "rue du Faubourg Saint-Antoine",
        "impasse des Lilas",
        "quai de la Fosse",
        "rue Pasteur",
        "allée des Érables",
        "rue de l'Hôtel-de-Ville",
    ),
    "{number}, {street}\n{postcode} {city}",
    (
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
    ("{d1er} {month} {y}", "{d1er} {month} {y}", "{dd}/{mm}/{y}", "{dd}.{mm}.{y}", "{dd}-{mm}-{y}"),
)
GERMAN = Country(
    "DE",
    "EUR",
    "€",
    _words(
        "Anneliese Bernd Cornelia Dietmar Elfriede Friedrich Gesine Hartmut Ilse Jörg Katharina Lothar "
        "Mareike Norbert Ottilie Philipp Renate Sönke Traude Ulrich Vera Wolfgang Ayşe Günther"
    ),
    (
        "Ackermann",
        "Böttcher",
        "Clasen",
        "Dörflinger",
        "Eichhorn",
        "Fröhlich",
        "Gerstenberg",
        "Hößl",
        "Jahnke",
        "Kühnert",
        "Löwenthal",
        "Münzer",
        "Niedermeyer",
        "Oetjen",
        "Pfäffle",
        "Quast",
        "Rüdiger",
        "Schäfer",
        "Tönnies",
        "Uhlmann",
        "Voß",
        "Weißgerber",
        "Zöllner",
        "Yıldız",
        "Bachhuber",
        "Straßberger",
        "Kowalczyk",
    ),
    (
        ("Leipzig", "041##"),
        ("Bremen", "281##"),
        ("Köln", "506##"),
        ("Nürnberg", "904##"),
        ("Münster", "481##"),
        ("Göttingen", "370##"),
        ("Rostock", "180##"),
        ("Augsburg", "861##"),
        ("Erfurt", "990##"),
        ("Berlin", "10###"),
        ("Würzburg", "970##"),
        ("Lübeck", "235##"),
    ),
    (
        "Bahnhofstraße",
        "Am Mühlgraben",
        "Goethestr.",
        "Lindenallee",
        "Rathausplatz",
        "Kirchgasse",
        "Hafenstraße",
        "Schützenweg",
        "Bergische Landstr.",
        "An der Bleiche",
        "Königsallee",
        "Gartenstraße",
        "Färberstr.",
    ),
    "{street} {number}\n{postcode} {city}",
    (
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ),
    (
        "{d}. {month} {y}",
        "{d}. {month} {y}",
        "{dd}.{mm}.{y}",
        "{dd}.{mm}.{y}",
        "{d}.{m}.{y}",
        "{y}-{mm}-{dd}",
    ),
)
COUNTRIES = {"en": ENGLISH, "es": SPANISH, "fr": FRENCH, "de": GERMAN}
