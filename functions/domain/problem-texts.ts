import type { ConnectionReason } from "./connection-states.ts";
import { type InEveryLanguage, type Language, typeset } from "./language.ts";
import type { ProblemCode } from "./problem.ts";

/** What went wrong, in one line, and what to do next. Plain text, no markup. */
export interface ProblemText {
  readonly title: string;
  readonly advice: string;
}

/** What can go wrong in a stage of Test connection, or in one attempt to deliver a message. */
export type DeliveryProblemCode =
  | "dns_failed"
  | "tls_failed"
  | "connection_lost"
  | "timed_out"
  | "auth_refused"
  | "sender_refused"
  | "recipients_refused"
  | "message_refused"
  | "temporarily_refused"
  | "quota_reached"
  | "rate_limited"
  | "too_many_logins"
  | "gmail_api_disabled"
  | "gmail_unavailable"
  | "limit_reached"
  | "reconnect_required"
  | "not_connected"
  | "delivery_unknown"
  | "gmail_failed"
  | "attempts_exhausted"
  | "expired";

/** A defect of Relais itself: the only text that is not in a union of expected failures. */
export type TextCode = ProblemCode | ConnectionReason | DeliveryProblemCode | "internal_error";

type Texts = Readonly<Record<TextCode, InEveryLanguage<ProblemText>>>;

/**
 * One catalogue for the console, the callback pages, the API's `title` and `advice`. A code without a text, or a text in one
 * language only, does not compile.
 */
const TEXTS: Texts = {
  // --- the request is refused as it stands ---
  malformed_request: {
    fr: {
      title: "Ce n’est pas une requête HTTP correcte",
      advice: "Vérifiez la ligne de requête et les en-têtes : au plus 16 Kio en tout, sans caractère de contrôle.",
    },
    en: {
      title: "This is no well-formed HTTP request",
      advice: "Check the request line and the headers: 16 KiB at most in all, without control characters.",
    },
  },
  invalid_json: {
    fr: {
      title: "Le corps de la requête n’est pas du JSON valide",
      advice: "Corrigez le JSON, puis renvoyez la requête.",
    },
    en: { title: "The request body is not valid JSON", advice: "Correct the JSON and send the request again." },
  },
  invalid_request: {
    fr: {
      title: "La requête contient une valeur incorrecte",
      advice: "Corrigez les champs indiqués, puis recommencez.",
    },
    en: { title: "The request holds an invalid value", advice: "Correct the fields named, then try again." },
  },
  unsupported_media_type: {
    fr: {
      title: "Ce type de contenu n’est pas accepté",
      advice: "Envoyez du JSON avec l’en-tête « Content-Type: application/json ».",
    },
    en: {
      title: "This content type is not accepted",
      advice: "Send JSON with the header “Content-Type: application/json”.",
    },
  },
  request_too_large: {
    fr: {
      title: "La requête est trop volumineuse",
      advice:
        "Une requête peut atteindre 32 Mio pour un message, 1 Mio ailleurs, 8 Kio pour se connecter. Réduisez-la, puis renvoyez-la.",
    },
    en: {
      title: "The request is too large",
      advice:
        "A request may hold 32 MiB for a message, 1 MiB elsewhere and 8 KiB to sign in. Make it smaller, then send it again.",
    },
  },
  request_timeout: {
    fr: {
      title: "La requête n’est pas arrivée en entier à temps",
      advice: "Le corps d’une requête doit arriver en une minute. Vérifiez la connexion, puis renvoyez la requête.",
    },
    en: {
      title: "The request did not arrive whole in time",
      advice: "The body of a request must arrive within a minute. Check the connection, then send the request again.",
    },
  },
  unauthenticated: {
    fr: {
      title: "Vous n’êtes pas connecté",
      advice: "Connectez-vous avec Google. Pour un programme : envoyez une clé valide dans l’en-tête Authorization.",
    },
    en: {
      title: "You are not signed in",
      advice: "Sign in with Google. For a program: send a valid key in the Authorization header.",
    },
  },
  forbidden: {
    fr: {
      title: "Cette action ne vous est pas permise",
      advice: "Demandez-la à un opérateur, ou utilisez une clé qui porte l’autorisation nécessaire.",
    },
    en: {
      title: "You are not allowed to do this",
      advice: "Ask an operator to do it, or use a key that holds the permission needed.",
    },
  },
  csrf: {
    fr: {
      title: "La requête ne vient pas de la console",
      advice: "Rechargez la page de la console, puis recommencez.",
    },
    en: { title: "The request does not come from the console", advice: "Reload the console page, then try again." },
  },
  not_admitted: {
    fr: {
      title: "Cette adresse n’est pas admise ici",
      advice:
        "La connexion à Google a réussi, mais cette adresse ne figure ni parmi les opérateurs ni parmi les membres, ou elle a été admise pour un autre compte Google. Un domaine n’admet que les comptes de son organisation Google Workspace. Demandez à un opérateur de l’ajouter dans les réglages (si elle y figure, de la retirer puis de la remettre), ou reconnectez-vous avec une autre adresse.",
    },
    en: {
      title: "This address is not admitted here",
      advice:
        "Google signed you in, but this address is neither among the operators nor among the members, or it was admitted for another Google account. A domain admits only the accounts of its Google Workspace. Ask an operator to add the address in the settings (if it is there, to take it out and put it back), or sign in with another address.",
    },
  },
  not_found: {
    fr: {
      title: "Introuvable",
      advice: "Vérifiez l’adresse ou l’identifiant ; l’élément a peut-être été supprimé, ou il n’est pas à vous.",
    },
    en: {
      title: "Not found",
      advice: "Check the address or the id; the item may have been deleted, or it is not yours.",
    },
  },
  method_not_allowed: {
    fr: {
      title: "Cette méthode n’existe pas à cette adresse",
      advice: "L’en-tête Allow nomme les méthodes possibles.",
    },
    en: { title: "This address does not take that method", advice: "The Allow header names the methods it takes." },
  },
  server_not_allowed: {
    fr: {
      title: "Cette clé ne donne pas accès à ce serveur de messagerie",
      advice: "Utilisez un serveur pour lequel la clé a été créée, ou demandez à un opérateur une autre clé.",
    },
    en: {
      title: "This key does not cover that mail server",
      advice: "Use a mail server the key was made for, or ask an operator for another key.",
    },
  },
  name_taken: {
    fr: {
      title: "Ce nom est déjà pris",
      advice: "Choisissez un autre nom : celui de chaque serveur de messagerie est unique.",
    },
    en: { title: "This name is already taken", advice: "Choose another name: each mail server’s name is unique." },
  },
  stale: {
    fr: {
      title: "L’enregistrement a changé entre-temps",
      advice: "Rechargez-le, reportez vos modifications, puis enregistrez à nouveau.",
    },
    en: {
      title: "The record has changed in the meantime",
      advice: "Load it again, redo your changes, then save.",
    },
  },
  has_open_messages: {
    fr: {
      title: "Des messages attendent encore de partir par ce serveur",
      advice: "Attendez qu’ils soient partis, ou supprimez le serveur en annulant ses messages en attente.",
    },
    en: {
      title: "Messages are still waiting to leave through this mail server",
      advice: "Wait until they have left, or delete the mail server and cancel its waiting messages with it.",
    },
  },
  newer_version: {
    fr: {
      title: "Une version plus récente de Relais a écrit cet enregistrement",
      advice:
        "La version qui vous répond ne le comprend pas et n’y touche pas. Réessayez une fois la mise à jour terminée ; après un retour en arrière, réinstallez la version la plus récente.",
    },
    en: {
      title: "A newer version of Relais wrote this record",
      advice:
        "The version that answers you does not understand it and leaves it alone. Try again once the update is complete; after a roll-back, install the newer version again.",
    },
  },
  client_type_desktop: {
    fr: {
      title: "Ce fichier décrit un client de type « Application de bureau »",
      advice:
        "Dans Google Cloud, supprimez ces identifiants et créez un nouvel ID client OAuth de type « Application Web », avec l’URI de redirection indiqué ici. Google refuse l’autorisation (redirect_uri_mismatch) à une application de bureau.",
    },
    en: {
      title: "This file describes a client of type “Desktop app”",
      advice:
        "In Google Cloud, delete these credentials and create a new OAuth client ID of type “Web application”, with the redirect URI shown here. Google refuses the authorization (redirect_uri_mismatch) to a desktop app.",
    },
  },
  redirect_uri_missing: {
    fr: {
      title: "L’URI de redirection de Relais manque dans ce client Google",
      advice:
        "Dans Google Cloud, ouvrez l’ID client OAuth, ajoutez exactement l’URI indiqué sous « URI de redirection autorisés » (même protocole, même hôte, même port, sans barre oblique finale), enregistrez, puis téléchargez le fichier à nouveau.",
    },
    en: {
      title: "Relais’s redirect URI is missing from this Google client",
      advice:
        "In Google Cloud, open the OAuth client ID, add exactly the URI shown under “Authorized redirect URIs” (same scheme, host and port, no trailing slash), save, then download the file again.",
    },
  },
  fixed_by_environment: {
    fr: {
      title: "Cette adresse est fixée par la configuration",
      advice: "Elle figure dans RELAIS_OPERATORS : retirez-la de la configuration du déploiement, pas d’ici.",
    },
    en: {
      title: "This address is fixed by the configuration",
      advice: "It stands in RELAIS_OPERATORS: remove it from the deployment’s configuration, not here.",
    },
  },
  security_event_invalid: {
    fr: {
      title: "Ce n’est pas une alerte de sécurité de Google pour cette application",
      advice:
        "La signature, l’émetteur ou le destinataire (ID client) ne conviennent pas. Vérifiez que l’ID client enregistré dans Relais est celui du projet Google qui envoie les alertes.",
    },
    en: {
      title: "This is no security event of Google’s for this app",
      advice:
        "Its signature, issuer or audience (client ID) is wrong. Check that the client ID saved in Relais is of the Google project that sends the events.",
    },
  },
  contended: {
    fr: {
      title: "Trop de modifications en même temps",
      advice: "Plusieurs modifications se sont croisées. Réessayez dans quelques secondes.",
    },
    en: {
      title: "Too many changes at once",
      advice: "Several changes crossed each other. Try again in a few seconds.",
    },
  },
  overloaded: {
    fr: { title: "Relais est très occupé", advice: "Réessayez après le délai indiqué." },
    en: { title: "Relais is very busy", advice: "Try again after the time stated." },
  },
  unavailable: {
    fr: {
      title: "Le service est momentanément indisponible",
      advice: "Réessayez dans un instant. Si cela dure, prévenez un opérateur.",
    },
    en: {
      title: "The service is unavailable for a moment",
      advice: "Try again shortly. If it lasts, tell an operator.",
    },
  },
  no_answer_in_time: {
    fr: {
      title: "La réponse n’est pas venue à temps",
      advice:
        "La requête a pu aboutir. Regardez d’abord ce qu’il en est ; un message se renvoie sans risque avec la même Idempotency-Key.",
    },
    en: {
      title: "The answer did not come in time",
      advice:
        "The request may have been carried out. Look first; a message is sent again without risk under the same Idempotency-Key.",
    },
  },
  internal_error: {
    fr: {
      title: "Une erreur s’est produite dans Relais",
      advice: "Réessayez. Si l’erreur revient, transmettez à un opérateur l’identifiant de la requête.",
    },
    en: {
      title: "Something went wrong inside Relais",
      advice: "Try again. If it happens again, give an operator the request id.",
    },
  },

  // --- connecting an account ---
  gmail_credentials_missing: {
    fr: {
      title: "L’ID client et le code secret de Google manquent",
      advice:
        "Un opérateur doit d’abord les enregistrer dans les réglages : dans Google Cloud, créez un ID client OAuth de type « Application Web », téléchargez son fichier JSON et déposez-le dans Relais.",
    },
    en: {
      title: "Google’s client ID and secret are missing",
      advice:
        "An operator must save them in the settings first: in Google Cloud, create an OAuth client ID of type “Web application”, download its JSON file and upload it to Relais.",
    },
  },
  state_invalid: {
    fr: {
      title: "Cette demande d’autorisation n’est plus valable",
      advice:
        "Elle a déjà servi, elle a plus de dix minutes, ou elle a été commencée dans un autre navigateur. Revenez dans Relais et recommencez la connexion, dans cette même fenêtre.",
    },
    en: {
      title: "This authorization request is no longer valid",
      advice:
        "It has been used already, it is more than ten minutes old, or it was started in another browser. Go back to Relais and start again, in this same window.",
    },
  },
  code_invalid: {
    fr: {
      title: "Google n’a pas reconnu le code d’autorisation",
      advice: "Le code manque, a expiré ou a déjà servi. Revenez dans Relais et recommencez la connexion.",
    },
    en: {
      title: "Google did not accept the authorization code",
      advice: "The code is missing, has expired or was used before. Go back to Relais and connect again.",
    },
  },
  consent_denied: {
    fr: {
      title: "L’accès a été refusé sur la page de Google",
      advice:
        "Si vous avez cliqué sur « Annuler » ou « Refuser », recommencez et choisissez « Continuer », puis « Autoriser ». Si Google a affiché « Erreur 403 : access_denied », l’application est en mode test et cette adresse n’y figure pas comme utilisateur test : dans Google Cloud, ouvrez l’écran de consentement OAuth (« Audience »), ajoutez sous « Utilisateurs tests » l’adresse exacte à connecter, puis recommencez.",
    },
    en: {
      title: "Access was denied on Google’s page",
      advice:
        "If you clicked “Cancel” or “Deny”, start again and choose “Continue”, then “Allow”. If Google showed “Error 403: access_denied”, the app is in testing and this address is missing from its test users: in Google Cloud, open the OAuth consent screen (“Audience”), add the exact address to connect under “Test users”, then start again.",
    },
  },
  consent_refused: {
    fr: {
      title: "Google ou votre organisation a refusé l’autorisation",
      advice:
        "Si l’adresse appartient à une organisation, son administrateur Google Workspace doit autoriser cette application (console d’administration › Sécurité › Commandes des API). Si l’application est de type « Interne », seules les adresses de la même organisation peuvent s’y connecter : utilisez-en une, ou passez l’application en « Externe ».",
    },
    en: {
      title: "Google or your organization refused the authorization",
      advice:
        "If the address belongs to an organization, its Google Workspace administrator must allow this app (Admin console › Security › API controls). If the app is of type “Internal”, only addresses of the same organization can connect: use one of those, or make the app “External”.",
    },
  },
  account_mismatch: {
    fr: {
      title: "Ce n’est pas le compte Google de ce serveur de messagerie",
      advice:
        "Recommencez et choisissez, sur la page de Google, le compte dont l’adresse est le nom d’utilisateur du serveur. Si ce nom d’utilisateur est un alias, mettez-y plutôt l’adresse principale du compte et placez l’alias dans le filtre d’expéditeur (fromFilter). Un groupe Google n’est pas un compte et ne peut pas être connecté : connectez un compte autorisé à envoyer en son nom.",
    },
    en: {
      title: "This is not the Google account of this mail server",
      advice:
        "Start again and choose, on Google’s page, the account whose address is the mail server’s username. If that username is an alias, put the account’s primary address there instead and the alias in the from filter (fromFilter). A Google Group is not an account and cannot be connected: connect an account that may send on its behalf.",
    },
  },
  scope_missing: {
    fr: {
      title: "Une autorisation nécessaire n’a pas été cochée",
      advice:
        "Sur la page de Google, l’autorisation concernant Gmail est restée décochée ; sans elle aucun message ne peut partir. Recommencez la connexion et laissez toutes les cases cochées.",
    },
    en: {
      title: "A permission that is needed was not ticked",
      advice:
        "On Google’s page the Gmail permission was left unticked; without it no mail can leave. Connect again and leave every box ticked.",
    },
  },
  refresh_token_missing: {
    fr: {
      title: "Google n’a pas donné de jeton durable",
      advice:
        "Retirez l’accès de cette application sur https://myaccount.google.com/connections avec ce compte, puis recommencez la connexion. Attention : les autres serveurs de messagerie connectés à ce même compte devront aussi être reconnectés.",
    },
    en: {
      title: "Google gave no lasting token",
      advice:
        "Remove this app’s access at https://myaccount.google.com/connections with this account, then connect again. Note: other mail servers connected to the same account will have to be reconnected too.",
    },
  },
  identity_unproven: {
    fr: {
      title: "L’identité du compte n’a pas pu être prouvée",
      advice:
        "La réponse de Google n’a pas pu être vérifiée. Recommencez la connexion. Si cela se répète, un opérateur doit vérifier l’ID client enregistré et l’heure de la machine.",
    },
    en: {
      title: "The account’s identity could not be proven",
      advice:
        "Google’s answer could not be verified. Connect again. If this repeats, an operator should check the client ID that is saved and the machine’s clock.",
    },
  },
  client_rejected: {
    fr: {
      title: "Google refuse l’ID client ou le code secret de Relais",
      advice:
        "Un opérateur doit vérifier dans Google Cloud que l’ID client OAuth existe encore, qu’il est de type « Application Web », que son code secret est bien celui enregistré dans les réglages, et que l’URI de redirection de Relais y figure exactement. Le compte Gmail n’est pas en cause : les messages sont retenus et partent d’eux-mêmes dès que Google accepte le client à nouveau.",
    },
    en: {
      title: "Google refuses Relais’s client ID or secret",
      advice:
        "An operator must check in Google Cloud that the OAuth client ID still exists, that it is of type “Web application”, that its secret is the one saved in the settings, and that Relais’s redirect URI is listed there exactly. The Gmail account is not to blame: messages are held, and leave by themselves once Google accepts the client again.",
    },
  },
  google_unavailable: {
    fr: {
      title: "Google ne répond pas pour l’instant",
      advice:
        "Réessayez dans un instant. Au retour de la page de Google, il suffit de recharger la page : la même demande peut encore aboutir pendant dix minutes.",
    },
    en: {
      title: "Google does not answer at the moment",
      advice:
        "Try again shortly. On the way back from Google’s page, reloading is enough: the same request can still succeed for ten minutes.",
    },
  },

  // --- why a connection is as it is ---
  grant_revoked: {
    fr: {
      title: "L’accès au compte Gmail n’est plus valable",
      advice: "Reconnectez le compte Gmail ; les messages retenus partiront ensuite d’eux-mêmes.",
    },
    en: {
      title: "The access to the Gmail account is no longer valid",
      advice: "Reconnect the Gmail account; messages held back will then leave by themselves.",
    },
  },
  disconnected_by_operator: {
    fr: {
      title: "Ce serveur a été déconnecté",
      advice: "Connectez le compte Gmail à nouveau lorsque vous voulez envoyer par ce serveur.",
    },
    en: {
      title: "This mail server was disconnected",
      advice: "Connect the Gmail account again when you want to send through it.",
    },
  },
  testing_7d: {
    fr: {
      title: "Jeton de sept jours : l’application Google est en mode test",
      advice:
        "Tant que l’application est « Externe » et « En test », Google met fin à chaque autorisation après sept jours. Reconnectez le compte maintenant. Pour que cela cesse : type d’utilisateur « Interne » (Google Workspace), ou état de publication « En production » — Google affiche alors un écran d’avertissement avant la validation, mais les jetons durent.",
    },
    en: {
      title: "Seven-day token: the Google app is in testing",
      advice:
        "As long as the app is “External” and in “Testing”, Google ends every authorization after seven days. Reconnect the account now. To end this: user type “Internal” (Google Workspace), or publishing status “In production” — Google then shows a warning screen until the app is verified, but tokens last.",
    },
  },
  idle_6m: {
    fr: {
      title: "Jeton inutilisé pendant six mois",
      advice:
        "Google met fin à une autorisation restée six mois sans usage. Reconnectez le compte ; Relais garde ensuite le jeton en vie tant qu’il fonctionne.",
    },
    en: {
      title: "Token unused for six months",
      advice:
        "Google ends an authorization that was not used for six months. Reconnect the account; Relais then keeps the token alive for as long as it runs.",
    },
  },
  token_cap: {
    fr: {
      title: "Trop d’autorisations pour ce compte",
      advice:
        "Google garde au plus 100 jetons par compte et par client ; le plus ancien meurt sans avis. Reconnectez ce serveur, et évitez de reconnecter sans besoin les autres serveurs du même compte.",
    },
    en: {
      title: "Too many authorizations for this account",
      advice:
        "Google keeps 100 tokens at most per account and client; the oldest dies without notice. Reconnect this mail server, and avoid reconnecting other mail servers of the same account without need.",
    },
  },
  time_based: {
    fr: {
      title: "L’accès avait été accordé pour une durée limitée",
      advice:
        "Reconnectez le compte. Si Google vous propose une durée, choisissez la plus longue ; dans une organisation, l’administrateur peut lever la limite.",
    },
    en: {
      title: "Access had been granted for a limited time",
      advice:
        "Reconnect the account. If Google offers a duration, choose the longest; in an organization, the administrator can lift the limit.",
    },
  },
  password_or_revoked: {
    fr: {
      title: "Mot de passe changé ou accès retiré",
      advice:
        "Le mot de passe du compte a été changé, ou l’accès de l’application a été retiré dans le compte Google. Reconnectez le compte : cela suffit.",
    },
    en: {
      title: "Password changed or access removed",
      advice:
        "The account’s password was changed, or the app’s access was removed in the Google account. Reconnecting the account is enough.",
    },
  },
  account_disabled: {
    fr: {
      title: "Google a désactivé ou restreint ce compte",
      advice:
        "Connectez-vous à Gmail avec ce compte pour en voir la cause, ou demandez à l’administrateur Google Workspace de le rétablir. Une fois le compte rétabli, reconnectez-le ici s’il ne l’est pas de lui-même.",
    },
    en: {
      title: "Google has disabled or restricted this account",
      advice:
        "Sign in to Gmail with this account to see why, or ask the Google Workspace administrator to restore it. Once the account is back, reconnect it here unless that happens by itself.",
    },
  },
  account_deleted: {
    fr: {
      title: "Ce compte Google a été supprimé",
      advice:
        "Le reconnecter est impossible. S’il a été supprimé par erreur, récupérez-le chez Google (un administrateur Google Workspace a 20 jours pour restaurer un utilisateur), puis reconnectez-le. Sinon, indiquez l’adresse d’un autre compte pour ce serveur et connectez-la ; les messages retenus partiront alors.",
    },
    en: {
      title: "This Google account has been deleted",
      advice:
        "It cannot be reconnected. If it was deleted by mistake, recover it at Google (a Google Workspace administrator has 20 days to restore a user), then reconnect it. Otherwise give this mail server another account’s address and connect that; messages held back will then leave.",
    },
  },
  advanced_protection: {
    fr: {
      title: "La Protection avancée de Google bloque l’application",
      advice:
        "Reconnecter le compte ne sert à rien tant qu’il est inscrit au programme Protection avancée. Utilisez un autre compte pour ce serveur ; dans une organisation, l’administrateur Google Workspace peut aussi ajouter l’ID client de Relais aux applications de confiance. À défaut, désinscrivez le compte du programme, puis reconnectez-le.",
    },
    en: {
      title: "Google’s Advanced Protection blocks the app",
      advice:
        "Reconnecting does not help as long as the account is enrolled in the Advanced Protection Program. Use another account for this mail server; in an organization, the Google Workspace administrator can also mark Relais’s client ID as a trusted app. Failing that, unenroll the account, then reconnect it.",
    },
  },
  session_policy: {
    fr: {
      title: "L’organisation limite la durée des sessions",
      advice:
        "Google met fin à l’accès chaque fois que la durée de session fixée par l’organisation est écoulée, en général après 16 à 24 heures. Reconnectez le compte. Pour que cela cesse, l’administrateur Google Workspace doit exempter l’application : console d’administration › Sécurité › Contrôle des sessions Google Cloud, « Exempter les applications de confiance », l’ID client de Relais étant marqué comme fiable dans les commandes des API.",
    },
    en: {
      title: "The organization limits how long a session lasts",
      advice:
        "Google ends access each time the session length set by the organization runs out, usually after 16 to 24 hours. Reconnect the account. To stop this, the Google Workspace administrator must exempt the app: Admin console › Security › Google Cloud session control, “Exempt trusted apps”, with Relais’s client ID marked as trusted under API controls.",
    },
  },
  admin_policy: {
    fr: {
      title: "L’administrateur de l’organisation bloque l’application",
      advice:
        "Demandez à l’administrateur Google Workspace d’autoriser l’application (console d’administration › Sécurité › Commandes des API), puis reconnectez le compte.",
    },
    en: {
      title: "The organization’s administrator blocks the app",
      advice:
        "Ask the Google Workspace administrator to allow the app (Admin console › Security › API controls), then reconnect the account.",
    },
  },
  org_internal: {
    fr: {
      title: "L’application n’est ouverte qu’à son organisation",
      advice:
        "Dans Google Cloud, le type d’utilisateur de l’application est « Interne » : seuls les comptes de l’organisation qui la possède peuvent s’en servir. Connectez un compte de cette organisation, ou passez l’application en « Externe » (Google Auth Platform › Audience), puis reconnectez le compte.",
    },
    en: {
      title: "The app is open to its own organization only",
      advice:
        "In Google Cloud the app’s user type is “Internal”: only accounts of the organization that owns it can use it. Connect an account of that organization, or make the app “External” (Google Auth Platform › Audience), then reconnect the account.",
    },
  },
  clock: {
    fr: {
      title: "L’horloge de la machine n’est pas à l’heure",
      advice:
        "L’heure de la machine s’écarte trop de celle de Google. Remettez-la à l’heure, puis lancez « Tester la connexion ».",
    },
    en: {
      title: "The machine’s clock is wrong",
      advice: "The machine’s time is too far from Google’s. Set it right, then run “Test connection”.",
    },
  },
  unclear: {
    fr: {
      title: "Google refuse le jeton sans dire pourquoi",
      advice:
        "Reconnectez le compte. Si cela se répète tous les sept jours, l’application Google est en mode test ; si cela se répète sans régularité, vérifiez la sécurité du compte Google.",
    },
    en: {
      title: "Google refuses the token without saying why",
      advice:
        "Reconnect the account. If it repeats every seven days, the Google app is in testing; if it repeats irregularly, look at the Google account’s security page.",
    },
  },
  secret_missing: {
    fr: {
      title: "Le jeton enregistré ne peut plus être lu",
      advice: "Il a été détruit ou sa clé de chiffrement a disparu. Reconnectez le compte Gmail.",
    },
    en: {
      title: "The stored token can no longer be read",
      advice: "It was destroyed, or its sealing key is gone. Reconnect the Gmail account.",
    },
  },
  gmail_refused: {
    fr: {
      title: "Gmail refuse d’envoyer pour ce compte, malgré un jeton valide",
      advice:
        "Vérifiez que le compte est actif, que sa licence comprend Gmail et que l’organisation permet SMTP et l’API Gmail. Lancez ensuite « Tester la connexion » en envoyant un message de test, ou reconnectez le compte : les messages retenus partiront. Relais revérifie aussi de lui-même.",
    },
    en: {
      title: "Gmail refuses to send for this account although the token is valid",
      advice:
        "Check that the account is active, that its licence includes Gmail, and that the organization allows SMTP and the Gmail API. Then run “Test connection” with a test mail, or reconnect the account: the mail held back leaves. Relais also checks again by itself.",
    },
  },

  account_renamed: {
    fr: {
      title: "Ce compte Google a changé d’adresse",
      advice:
        "Mettez la nouvelle adresse du compte dans le nom d’utilisateur du serveur : aucune nouvelle autorisation n’est nécessaire. D’ici là, le courrier part sous l’ancienne adresse tant qu’elle reste un alias du compte ; sinon, il attend.",
    },
    en: {
      title: "This Google account has another address now",
      advice:
        "Set the mail server’s username to the account’s new address; no new consent is needed. Until then, mail leaves under the old address for as long as that is an alias of the account, and waits otherwise.",
    },
  },
  client_changed: {
    fr: {
      title: "Cet accès a été donné à un autre client OAuth",
      advice:
        "Reconnectez le compte Gmail avec le client actuel ; ou enregistrez à nouveau l’ancien client dans « Installation ».",
    },
    en: {
      title: "This access was given to another OAuth client",
      advice: "Reconnect the Gmail account with the present client; or save the former client again under “Setup”.",
    },
  },

  // --- messages ---
  message_too_large: {
    fr: {
      title: "Le message est trop volumineux",
      advice:
        "Pièces jointes, texte et HTML ne peuvent dépasser 24 000 000 octets en tout (7 000 000 par Pub/Sub). Allégez-les ou envoyez un lien.",
    },
    en: {
      title: "The message is too large",
      advice:
        "Attachments, text and HTML may hold 24,000,000 bytes in all (7,000,000 by Pub/Sub). Shrink them or send a link.",
    },
  },
  from_not_allowed: {
    fr: {
      title: "Aucun serveur de messagerie ne peut envoyer de cette adresse",
      advice:
        "Ajoutez l’adresse ou son domaine au filtre d’expéditeur d’un serveur connecté. En SMTP, elle doit aussi être une adresse d’envoi validée du compte (Gmail › Paramètres › Comptes › « Envoyer des e-mails en tant que »).",
    },
    en: {
      title: "No mail server may send from this address",
      advice:
        "Add the address or its domain to the from filter of a connected mail server. By SMTP it must also be a verified send-as address of the account (Gmail › Settings › Accounts › “Send mail as”).",
    },
  },
  server_unavailable: {
    fr: {
      title: "Ce serveur de messagerie ne peut pas envoyer",
      advice: "Il est archivé, ou son compte Gmail n’est pas connecté. Activez-le et connectez son compte.",
    },
    en: {
      title: "This mail server cannot send",
      advice: "It is archived, or its Gmail account is not connected. Activate it and connect its account.",
    },
  },
  idempotency_key_reused: {
    fr: {
      title: "Cette clé d’idempotence a servi pour un autre message",
      advice: "Utilisez une nouvelle clé pour un nouveau message ; gardez l’ancienne pour répéter le même.",
    },
    en: {
      title: "This idempotency key was used for another message",
      advice: "Use a new key for a new message; keep the old one to repeat the same.",
    },
  },
  wrong_status: {
    fr: {
      title: "L’état du message ne permet pas cette action",
      advice: "Rechargez le message : il a changé d’état, et d’autres actions sont possibles.",
    },
    en: {
      title: "The message’s status does not allow this",
      advice: "Load the message again: its status has changed, and other actions are possible.",
    },
  },
  body_erased: {
    fr: {
      title: "Le contenu du message a été effacé",
      advice: "Relais n’en garde pas la copie après le délai de conservation. Envoyez un nouveau message.",
    },
    en: {
      title: "The message’s content was erased",
      advice: "Relais keeps no copy past its retention time. Send a new message.",
    },
  },

  // --- stages of Test connection, attempts at delivery ---
  dns_failed: {
    fr: {
      title: "Le nom du serveur de Gmail n’a pas pu être résolu",
      advice: "Vérifiez l’accès de la machine à Internet et à son DNS, puis réessayez.",
    },
    en: {
      title: "Gmail’s host name could not be resolved",
      advice: "Check the machine’s access to the internet and its DNS, then try again.",
    },
  },
  tls_failed: {
    fr: {
      title: "La connexion chiffrée avec Gmail n’a pas abouti",
      advice:
        "Le certificat n’est pas digne de confiance, ou le port est fermé. Un pare-feu ou un antivirus s’interpose peut-être : ouvrez le port 465 (ou 587) vers smtp.gmail.com sans inspection.",
    },
    en: {
      title: "The encrypted connection to Gmail failed",
      advice:
        "The certificate is not trusted, or the port is closed. A firewall or antivirus may stand in between: open port 465 (or 587) to smtp.gmail.com without inspection.",
    },
  },
  connection_lost: {
    fr: {
      title: "La connexion avec Gmail a été coupée",
      advice: "Rien n’a été envoyé. Relais réessaiera de lui-même ; si cela dure, vérifiez le réseau.",
    },
    en: {
      title: "The connection to Gmail was lost",
      advice: "Nothing was sent. Relais will try again by itself; if it lasts, check the network.",
    },
  },
  timed_out: {
    fr: {
      title: "Gmail n’a pas répondu à temps",
      advice: "Rien n’a été envoyé. Relais réessaiera de lui-même ; si cela dure, vérifiez le réseau et le pare-feu.",
    },
    en: {
      title: "Gmail did not answer in time",
      advice: "Nothing was sent. Relais will try again by itself; if it lasts, check the network and the firewall.",
    },
  },
  auth_refused: {
    fr: {
      title: "Gmail refuse l’authentification",
      advice:
        "Le jeton n’est pas accepté pour ce compte. Reconnectez le compte Gmail ; dans une organisation, vérifiez que l’administrateur permet SMTP et cette application.",
    },
    en: {
      title: "Gmail refuses the authentication",
      advice:
        "The token is not accepted for this account. Reconnect the Gmail account; in an organization, check that the administrator allows SMTP and this app.",
    },
  },
  sender_refused: {
    fr: {
      title: "Gmail refuse l’adresse de l’expéditeur",
      advice:
        "L’adresse doit être celle du compte ou une adresse d’envoi validée (Gmail › Paramètres › Comptes › « Envoyer des e-mails en tant que »).",
    },
    en: {
      title: "Gmail refuses the sender’s address",
      advice:
        "It must be the account’s own or a verified send-as address (Gmail › Settings › Accounts › “Send mail as”).",
    },
  },
  recipients_refused: {
    fr: {
      title: "Des destinataires ont été refusés",
      advice: "Vérifiez l’orthographe des adresses refusées ; la réponse de Gmail est indiquée pour chacune.",
    },
    en: {
      title: "Recipients were refused",
      advice: "Check the spelling of the addresses refused; Gmail’s answer stands beside each.",
    },
  },
  message_refused: {
    fr: {
      title: "Gmail refuse le message",
      advice:
        "Sa réponse dit pourquoi (contenu suspect, pièce jointe interdite, taille…). Corrigez le message, puis envoyez-le à nouveau.",
    },
    en: {
      title: "Gmail refuses the message",
      advice:
        "Its answer says why (suspicious content, forbidden attachment, size…). Correct the message, then send it again.",
    },
  },
  temporarily_refused: {
    fr: {
      title: "Gmail demande de réessayer plus tard",
      advice: "Il n’y a rien à faire : Relais réessaiera de lui-même.",
    },
    en: {
      title: "Gmail asks to try again later",
      advice: "There is nothing to do: Relais will try again by itself.",
    },
  },
  quota_reached: {
    fr: {
      title: "La limite quotidienne de Gmail est atteinte",
      advice:
        "Gmail compte environ 500 destinataires par jour (2 000 avec Google Workspace), envois depuis le Web compris. Le message partira quand la limite sera levée, au plus tard sous 24 heures ; vous pouvez aussi répartir l’envoi sur un autre serveur.",
    },
    en: {
      title: "Gmail’s daily limit is reached",
      advice:
        "Gmail counts about 500 recipients a day (2,000 with Google Workspace), web mail included. The message leaves once the limit is lifted, within 24 hours; you can also spread mail over another server.",
    },
  },
  rate_limited: {
    fr: {
      title: "Gmail demande d’envoyer moins vite",
      advice:
        "Il n’y a rien à faire : Relais attend, puis réessaie de lui-même. Si cela se répète, baissez la limite par minute du serveur de messagerie.",
    },
    en: {
      title: "Gmail asks to send more slowly",
      advice:
        "There is nothing to do: Relais waits and tries again by itself. If it happens often, lower the mail server’s limit per minute.",
    },
  },
  too_many_logins: {
    fr: {
      title: "Trop de connexions à ce compte en peu de temps",
      advice:
        "Relais ralentit et réessaiera de lui-même. Si d’autres programmes utilisent ce compte en SMTP ou IMAP, réduisez leurs connexions.",
    },
    en: {
      title: "Too many logins to this account in a short time",
      advice:
        "Relais slows down and will try again by itself. If other programs use this account by SMTP or IMAP, reduce their connections.",
    },
  },
  gmail_api_disabled: {
    fr: {
      title: "L’API Gmail n’est pas activée dans le projet Google",
      advice:
        "Dans Google Cloud, ouvrez « API et services » › « Bibliothèque », activez « Gmail API » dans le projet de l’ID client, puis réessayez dans quelques minutes.",
    },
    en: {
      title: "The Gmail API is not enabled in the Google project",
      advice:
        "In Google Cloud, open “APIs & Services” › “Library”, enable “Gmail API” in the client ID’s project, then try again in a few minutes.",
    },
  },
  gmail_unavailable: {
    fr: {
      title: "Gmail est momentanément indisponible",
      advice: "Il n’y a rien à faire : Relais réessaiera de lui-même.",
    },
    en: {
      title: "Gmail is unavailable for a moment",
      advice: "There is nothing to do: Relais will try again by itself.",
    },
  },
  limit_reached: {
    fr: {
      title: "La limite d’envoi du serveur est atteinte",
      advice:
        "Le message partira dès que la limite le permettra, dans l’ordre d’arrivée. Vous pouvez relever la limite du serveur sans dépasser celle de Gmail.",
    },
    en: {
      title: "The mail server’s sending limit is reached",
      advice:
        "The message leaves as soon as the limit allows, oldest first. You can raise the mail server’s limit, though not beyond Gmail’s.",
    },
  },
  reconnect_required: {
    fr: {
      title: "Le serveur de messagerie ne peut pas envoyer pour l’instant",
      advice:
        "Sa page dit pourquoi et ce qu’il faut faire ; le plus souvent, reconnecter le compte Gmail. Les messages retenus partiront ensuite d’eux-mêmes, les plus anciens d’abord.",
    },
    en: {
      title: "The mail server cannot send at the moment",
      advice:
        "Its page says why and what to do; most often the Gmail account must be reconnected. Messages held back then leave by themselves, oldest first.",
    },
  },
  paused: {
    fr: {
      title: "Les envois sont suspendus",
      advice: "Un opérateur a suspendu tous les envois. Ils reprendront dès qu’il lèvera la pause dans les réglages.",
    },
    en: {
      title: "Sending is paused",
      advice: "An operator has paused all sending. It goes on once they lift the pause in the settings.",
    },
  },
  not_connected: {
    fr: {
      title: "Aucun compte Gmail n’est connecté",
      advice: "Cliquez sur « Connecter votre compte Gmail » sur la page du serveur de messagerie.",
    },
    en: {
      title: "No Gmail account is connected",
      advice: "Click “Connect your Gmail account” on the mail server’s page.",
    },
  },
  delivery_unknown: {
    fr: {
      title: "On ne sait pas si le message est parti",
      advice:
        "La réponse de Gmail s’est perdue après l’envoi. Cherchez le message dans « Messages envoyés » du compte, puis indiquez ici s’il est parti, ou renvoyez-le.",
    },
    en: {
      title: "It is not known whether the message left",
      advice:
        "Gmail’s reply was lost after the message went out. Look for it in the account’s “Sent” folder, then say here whether it left, or send it again.",
    },
  },
  gmail_failed: {
    fr: {
      title: "Gmail a rencontré une erreur en prenant le message",
      advice:
        "Sa réponse ne dit pas si le message est parti. Cherchez-le dans « Messages envoyés » du compte, puis indiquez ici s’il est parti, ou renvoyez-le. Un envoi avec « onUnknown: resend » est renvoyé de lui-même.",
    },
    en: {
      title: "Gmail ran into an error while it took the message",
      advice:
        "Its answer does not tell whether the message left. Look for it in the account’s “Sent” folder, then say here whether it left, or send it again. A message sent with “onUnknown: resend” is sent again by itself.",
    },
  },
  attempts_exhausted: {
    fr: {
      title: "Le message n’est pas parti malgré 72 heures d’essais",
      advice: "Lisez la dernière réponse de Gmail, réglez-en la cause, puis cliquez sur « Réessayer ».",
    },
    en: {
      title: "The message did not leave in 72 hours of trying",
      advice: "Read Gmail’s last answer, remove its cause, then click “Retry”.",
    },
  },
  expired: {
    fr: {
      title: "Le message a expiré avant de partir",
      advice: "L’échéance fixée à l’envoi (expiresAt) est passée. Envoyez-le à nouveau s’il est encore utile.",
    },
    en: {
      title: "The message expired before it could leave",
      advice: "The deadline given with it (expiresAt) has passed. Send it again if it is still of use.",
    },
  },
};

/** The text for a code. Total: every code has both languages. */
export const problemText = (code: TextCode, language: Language): ProblemText => {
  const { title, advice } = TEXTS[code][language];
  return { title: typeset(title, language), advice: typeset(advice, language) };
};

/** For codes that come from outside (a page's `?problem=`, a stored attempt): is there a text for it? */
export const isTextCode = (code: string): code is TextCode => Object.hasOwn(TEXTS, code);
