"""Texts of the back-end, by language: those of the API document and verisure-wsdo.md §2.3 if known, else our own."""

from emulator.model import Axes, Interior

LANGUAGES = {"ES": "es", "IT": "it", "FR": "fr", "GB": "en", "PT": "pt"}
"""Country → language; any other pair is ERR 60057 (verisure-wsdo.md §1.2)."""

BANNER = (
    "Estamos mejorando nuestros servicios. Por favor intentelo de nuevo mas tarde. "
    "Gracias por confiar en Securitas Direct"
)
"""The text of BLOQ: Spanish in every country, and never a sign of trouble (verisure-wsdo.md §2.1)."""

TEXTS: dict[str, dict[str, str]] = {
    "es": {
        "login": "Usuario validado correctamente",
        "cls": "Mensaje de cierre de session",
        "done": "Petición procesada correctamente",
        "sent": "Su solicitud ha sido enviada",
        "wait": "Petición en proceso",
        "expired": "Sesión no válida. Por favor, inténtelo de nuevo más tarde.",
        "unidentified": (
            "Hemos tenido problemas para identificarle, por favor, cierre la sesión y vuelva a iniciarla."
        ),
        "app": "Por favor, actualice la aplicación para poder realizar esta operación.",
        "retired": "Ahora mismo solo tienes acceso a la nueva versión de My Verisure. Descárgala, por favor.",
        "country": "El país y el idioma no se corresponden.",
        "trouble": "El sistema no está disponible temporalmente.",
        "password": "El usuario o la contraseña introducidos no son correctos.",
        "no user": "El usuario introducido no existe",
        "locked": "Su usuario ha sido bloqueado. Por favor, póngase en contacto con Atención al Cliente.",
        "other mode": (
            "No ha sido posible activar este modo porque tienes otro activado. "
            "Por favor, desconecta tu Alarma y repite la operación."
        ),
        "open window": "No ha sido posible conectar tu Alarma. Hay una zona abierta, revisa tus ventanas y puertas.",
        "not fitted": "Este modo no está disponible en tu Alarma.",
        "busy": "Hay otra operación en curso. Por favor, inténtelo de nuevo en unos instantes.",
        "failed": "Lo sentimos. No se ha podido realizar la acción solicitada.",
        "unknown": "No se han encontrado los datos solicitados.",
        "off": "Tu Alarma está desconectada",
        "disarmed": "Tu Alarma ha sido desconectada",
        "total": "Tu Alarma está conectada en modo Total",
        "day": "Tu Alarma está conectada en modo Parcial Día",
        "night": "Tu Alarma está conectada en modo Noche",
        "perimeter": "Tu Alarma está conectada en el exterior",
        "and outside": " y en el exterior",
        "annex": "Tu Alarma Secundaria está conectada",
        "annex disarmed": "Tu Alarma Secundaria ha sido desconectada",
        "row armed": "Conectado",
        "row disarmed": "Desconectado",
        "row refused": "Conexión no realizada",
        "row check": "Comprobación de estado",
    },
    "it": {
        "login": "Utente convalidato correttamente",
        "cls": "Sessione terminata",
        "done": "Richiesta elaborata correttamente",
        "sent": "La tua richiesta è stata inviata",
        "wait": "Richiesta in corso",
        "expired": "Sessione non valida. Riprova più tardi.",
        "unidentified": "Abbiamo avuto problemi a identificarti, chiudi la sessione e accedi di nuovo.",
        "app": "Aggiorna l'applicazione per eseguire questa operazione.",
        "retired": "L'app My Verisure è stata sostituita dalla nuova versione. Scaricala, per favore.",
        "country": "Il paese e la lingua non corrispondono.",
        "trouble": "Il sistema è temporaneamente non disponibile.",
        "password": "Il nome utente o la password inseriti non sono corretti.",
        "no user": "L'utente inserito non esiste",
        "locked": "Il tuo utente è stato bloccato. Contatta il Servizio Clienti.",
        "other mode": "Non è possibile attivare questa modalità perché un'altra è attiva. Disinserisci e riprova.",
        "open window": "Non è possibile inserire l'allarme. Una zona è aperta: controlla finestre e porte.",
        "not fitted": "Questa modalità non è disponibile per il tuo allarme.",
        "busy": "Un'altra operazione è in corso. Riprova tra qualche istante.",
        "failed": "Non è stato possibile eseguire l'operazione richiesta. Riprova più tardi.",
        "unknown": "I dati richiesti non sono stati trovati.",
        "off": "Il tuo allarme è disinserito",
        "disarmed": "Il tuo allarme è stato disinserito",
        "total": "Il tuo allarme è inserito in modalità Totale",
        "day": "Il tuo allarme è inserito in modalità Parziale Giorno",
        "night": "Il tuo allarme è inserito in modalità Parziale Notte",
        "perimeter": "Il tuo allarme è inserito all'esterno",
        "and outside": " e all'esterno",
        "annex": "Il tuo allarme secondario è inserito",
        "annex disarmed": "Il tuo allarme secondario è stato disinserito",
        "row armed": "Inserito",
        "row disarmed": "Disinserito",
        "row refused": "Inserimento non riuscito",
        "row check": "Verifica dello stato",
    },
    "fr": {
        "login": "Utilisateur validé correctement",
        "cls": "Session fermée",
        "done": "Demande traitée correctement",
        "sent": "Votre demande a été envoyée",
        "wait": "Demande en cours de traitement",
        "expired": "Session non valide. Veuillez réessayer plus tard.",
        "unidentified": "Nous n'avons pas pu vous identifier, veuillez fermer la session et vous reconnecter.",
        "app": "Veuillez mettre à jour l'application pour effectuer cette opération.",
        "retired": "L'application MyVerisure a été remplacée par My New Verisure. Veuillez la télécharger.",
        "country": "Le pays et la langue ne correspondent pas.",
        "trouble": "Le système est temporairement indisponible.",
        "password": "L'identifiant ou le mot de passe saisi est incorrect.",
        "no user": "L'utilisateur saisi n'existe pas",
        "locked": "Votre compte a été bloqué. Veuillez contacter le Service Clients.",
        "other mode": "Impossible d'activer ce mode car un autre est activé. Désactivez votre alarme et recommencez.",
        "open window": "Impossible d'activer l'alarme. Une zone est ouverte, vérifiez vos fenêtres et vos portes.",
        "not fitted": "Ce mode n'est pas disponible pour votre alarme.",
        "busy": "Une autre opération est en cours. Veuillez réessayer dans quelques instants.",
        "failed": "Votre demande n'a pas pu être transmise ; veuillez réessayer dans quelques minutes",
        "unknown": "Les données demandées n'ont pas été trouvées.",
        "off": "Votre alarme est désactivée",
        "disarmed": "Votre alarme a été désactivée",
        "total": "Votre alarme est activée en mode Total",
        "day": "Votre alarme est activée en mode Partiel Jour",
        "night": "Votre alarme est activée en mode Partiel Nuit",
        "perimeter": "Votre alarme est activée à l'extérieur",
        "and outside": " et à l'extérieur",
        "annex": "Votre alarme secondaire est activée",
        "annex disarmed": "Votre alarme secondaire a été désactivée",
        "row armed": "Activée",
        "row disarmed": "Désactivée",
        "row refused": "Activation refusée",
        "row check": "Vérification de l'état",
    },
    "en": {
        "login": "User successfully validated",
        "cls": "Session closed",
        "done": "Your request has been processed",
        "sent": "Your request has been sent",
        "wait": "Request in progress",
        "expired": "Invalid session. Please, try again later.",
        "unidentified": "We have had problems identifying you, please end session and log in again.",
        "app": "Please update the app to carry out this operation.",
        "retired": "You now have access only to the new version of My Verisure. Please download it.",
        "country": "The country and the language do not match.",
        "trouble": "The system is temporarily unavailable.",
        "password": "The username or password that you have entered is incorrect",
        "no user": "The username that you have entered does not exist",
        "locked": "Your user has been locked. Please contact Customer Service.",
        "other mode": "Unable to connect the alarm because is already connected in another mode.",
        "open window": (
            "Unable to connect the alarm. One zone is open, check your windows and/or doors and try again."
        ),
        "not fitted": "This mode is not available for your alarm.",
        "busy": "Another operation is in progress. Please try again in a moment.",
        "failed": "Sorry but we are unable to carry out your request. Please try again later",
        "unknown": "The requested data was not found.",
        "off": "Your Alarm is deactivated",
        "disarmed": "Your Alarm has been deactivated",
        "total": "All of your Alarm's devices have been activated",
        "day": "Your Alarm has been activated in day partial mode",
        "night": "Your Alarm has been activated in night partial mode",
        "perimeter": "Your Alarm has been activated outside",
        "and outside": " and outside",
        "annex": "Your Secondary Alarm has been activated",
        "annex disarmed": "Your Secondary Alarm has been deactivated",
        "row armed": "Activated",
        "row disarmed": "Deactivated",
        "row refused": "Activation failed",
        "row check": "Status check",
    },
    "pt": {
        "login": "Utilizador validado corretamente",
        "cls": "Sessão terminada",
        "done": "Pedido processado corretamente",
        "sent": "O seu pedido foi enviado",
        "wait": "Pedido em processamento",
        "expired": "Sessão inválida. Por favor, tente novamente mais tarde.",
        "unidentified": "Tivemos problemas em identificá-lo, por favor, termine a sessão e volte a iniciá-la.",
        "app": "Por favor, atualize a aplicação para realizar esta operação.",
        "retired": "A aplicação My Verisure foi substituída pela nova versão. Por favor, instale-a.",
        "country": "O país e o idioma não correspondem.",
        "trouble": "O sistema está temporariamente indisponível.",
        "password": "O utilizador ou a palavra-passe introduzidos não estão corretos.",
        "no user": "O utilizador introduzido não existe",
        "locked": "O seu utilizador foi bloqueado. Por favor, contacte o Apoio ao Cliente.",
        "other mode": "Não foi possível ativar este modo porque tem outro ativado. Desligue o Alarme e repita.",
        "open window": "Não foi possível ligar o Alarme. Há uma zona aberta, verifique as janelas e as portas.",
        "not fitted": "Este modo não está disponível no seu Alarme.",
        "busy": "Outra operação está em curso. Por favor, tente novamente dentro de instantes.",
        "failed": "Lamentamos. Não foi possível realizar a ação solicitada.",
        "unknown": "Os dados solicitados não foram encontrados.",
        "off": "O seu Alarme está desligado",
        "disarmed": "O seu Alarme foi desligado",
        "total": "O seu Alarme está ligado em modo Total",
        "day": "O seu Alarme está ligado em modo Parcial Dia",
        "night": "O seu Alarme está ligado em modo Parcial Noite",
        "perimeter": "O seu Alarme está ligado no exterior",
        "and outside": " e no exterior",
        "annex": "O seu Alarme Secundário está ligado",
        "annex disarmed": "O seu Alarme Secundário foi desligado",
        "row armed": "Ligado",
        "row disarmed": "Desligado",
        "row refused": "Ligação não realizada",
        "row check": "Verificação do estado",
    },
}


def standing(axes: Axes, texts: dict[str, str]) -> str:
    """Return the state of the panel in words; "outside" stands in the text exactly when the perimeter is armed."""
    words = []
    if axes.interior not in (None, Interior.OFF):
        words.append(texts[str(axes.interior)] + (texts["and outside"] if axes.perimeter else ""))
    elif axes.perimeter:
        words.append(texts["perimeter"])
    if axes.annex:
        words.append(texts["annex"])
    return ". ".join(words) or texts["off"]


ALIASES = {
    "armed_total": "row armed",
    "armed_day": "day",
    "armed_night": "night",
    "armed_perimeter": "perimeter",
    "armed_annex": "annex",
    "armed_with_exceptions": "row armed",
    "disarmed_main": "row disarmed",
    "disarmed_perimeter": "row disarmed",
    "disarmed_annex": "annex disarmed",
    "check": "row check",
}
"""The label of a log row → the text of its alias; every other row is a refusal."""


def row_alias(label: str, texts: dict[str, str]) -> str:
    """Return the alias of a log row."""
    return texts[ALIASES.get(label, "row refused")]


STEERING = "\x9b2J\r\u202e"
"""Clears a terminal, returns to the start of the line, and reverses the direction of the rest. XML can carry it."""
