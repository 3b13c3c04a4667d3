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

/** Every code with a text: the expected problems, and `internal_error` for a defect of Relais itself. */
export type TextCode = ProblemCode | ConnectionReason | DeliveryProblemCode | "internal_error";

type Texts = Readonly<Record<TextCode, InEveryLanguage<ProblemText>>>;

/**
 * One catalogue for the console, the callback pages and the API's `title` and `advice`. A code without a text in every
 * language does not compile.
 */
const TEXTS: Texts = {
  // --- the request is refused as it stands ---
  malformed_request: {
    fr: {
      title: "La requête HTTP est mal formée",
      advice: "Vérifiez la ligne de requête et les en-têtes : un seul en-tête Host, sans caractère de contrôle.",
    },
    en: {
      title: "The HTTP request is malformed",
      advice: "Check the request line and the headers: one Host header, and no control characters.",
    },
  },
  invalid_json: {
    fr: {
      title: "Le corps de la requête n’est pas du JSON valide",
      advice: "Corrigez le JSON, puis renvoyez la requête.",
    },
    en: { title: "The request body is not valid JSON", advice: "Correct the JSON, then send the request again." },
  },
  invalid_request: {
    fr: {
      title: "La requête contient une valeur incorrecte",
      advice: "Corrigez les champs indiqués, puis recommencez.",
    },
    en: { title: "The request contains an invalid value", advice: "Correct the fields listed, then try again." },
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
        "La limite est de 32 Mio pour un message, de 8 Kio pour se connecter et de 1 Mio pour le reste. Réduisez la requête, puis renvoyez-la.",
    },
    en: {
      title: "The request is too large",
      advice:
        "The limit is 32 MiB for a message, 8 KiB to sign in and 1 MiB for everything else. Make the request smaller, then send it again.",
    },
  },
  headers_too_large: {
    fr: {
      title: "Les en-têtes de la requête sont trop volumineux",
      advice:
        "L’adresse et les en-têtes d’une requête tiennent en 16 Kio. Placez dans le corps ce qui est long, comme les destinataires ou les étiquettes, puis renvoyez la requête.",
    },
    en: {
      title: "The headers of the request are too large",
      advice:
        "The address and the headers of a request hold 16 KiB in all. Put what is long into the body, such as recipients or tags, then send the request again.",
    },
  },
  request_timeout: {
    fr: {
      title: "La requête n’est pas arrivée en entier à temps",
      advice: "Le corps d’une requête doit arriver en une minute. Vérifiez la connexion, puis renvoyez la requête.",
    },
    en: {
      title: "The request did not arrive completely in time",
      advice: "The body of a request must arrive within a minute. Check the connection, then send the request again.",
    },
  },
  unauthenticated: {
    fr: {
      title: "Vous n’êtes pas connecté",
      advice:
        "Connectez-vous avec Google. S’il s’agit d’un programme, envoyez une clé valide dans l’en-tête Authorization.",
    },
    en: {
      title: "You are not signed in",
      advice: "Sign in with Google. If you are calling from a program, send a valid key in the Authorization header.",
    },
  },
  forbidden: {
    fr: {
      title: "Vous n’avez pas le droit d’effectuer cette action",
      advice: "Demandez à un opérateur de s’en charger, ou utilisez une clé qui dispose de la permission nécessaire.",
    },
    en: {
      title: "You are not allowed to do this",
      advice: "Ask an operator to do it, or use a key that has the required permission.",
    },
  },
  csrf: {
    fr: {
      title: "La requête ne vient pas de la console",
      advice: "Rechargez la page de la console, puis recommencez.",
    },
    en: { title: "The request did not come from the console", advice: "Reload the console page, then try again." },
  },
  not_admitted: {
    fr: {
      title: "Cette adresse n’a pas accès à Relais",
      advice:
        "La connexion avec Google a réussi, mais cette adresse ne figure ni parmi les opérateurs ni parmi les membres, ou elle a été enregistrée pour un autre compte Google. Un domaine n’ouvre l’accès qu’aux comptes de son organisation Google Workspace. Demandez à un opérateur d’ajouter l’adresse dans les réglages (si elle y figure déjà, de la retirer puis de l’ajouter à nouveau), ou connectez-vous avec une autre adresse.",
    },
    en: {
      title: "This address does not have access to Relais",
      advice:
        "Google signed you in, but this address is neither an operator nor a member, or it belongs to a different Google account than before. A domain gives access only to accounts of its own Google Workspace organization. Ask an operator to add the address in the settings (or, if it is already there, to remove it and add it again), or sign in with another address.",
    },
  },
  not_found: {
    fr: {
      title: "Introuvable",
      advice: "Vérifiez l’adresse ou l’identifiant. L’élément a peut-être été supprimé, ou vous n’y avez pas accès.",
    },
    en: {
      title: "Not found",
      advice: "Check the address or the ID. The item may have been deleted, or you may not have access to it.",
    },
  },
  method_not_allowed: {
    fr: {
      title: "Cette adresse n’accepte pas cette méthode",
      advice: "Utilisez une des méthodes indiquées dans l’en-tête Allow.",
    },
    en: {
      title: "This address does not support that method",
      advice: "Use one of the methods listed in the Allow header.",
    },
  },
  server_not_allowed: {
    fr: {
      title: "Cette clé ne donne pas accès à ce serveur de messagerie",
      advice: "Utilisez un serveur pour lequel la clé a été créée, ou demandez une autre clé à un opérateur.",
    },
    en: {
      title: "This key does not give access to that mail server",
      advice: "Use a mail server the key was created for, or ask an operator for another key.",
    },
  },
  name_taken: {
    fr: {
      title: "Ce nom est déjà pris",
      advice: "Choisissez-en un autre : deux serveurs de messagerie ne peuvent pas porter le même nom.",
    },
    en: {
      title: "This name is already taken",
      advice: "Choose another one: no two mail servers can have the same name.",
    },
  },
  stale: {
    fr: {
      title: "Cet élément a été modifié entre-temps",
      advice: "Rechargez-le, refaites vos modifications, puis enregistrez.",
    },
    en: {
      title: "This item was changed in the meantime",
      advice: "Reload it, make your changes again, then save.",
    },
  },
  has_open_messages: {
    fr: {
      title: "Des messages attendent encore d’être envoyés par ce serveur",
      advice: "Attendez qu’ils soient partis, ou supprimez le serveur en annulant ses messages en attente.",
    },
    en: {
      title: "Messages are still waiting to be sent through this mail server",
      advice: "Wait until they have been sent, or cancel them when you delete the mail server.",
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
        "Dans Google Cloud, supprimez ces identifiants et créez un nouvel ID client OAuth de type « Application Web », avec l’URI de redirection indiqué ici. Avec une application de bureau, Google refuse l’autorisation (redirect_uri_mismatch).",
    },
    en: {
      title: "This file is for a client of type “Desktop app”",
      advice:
        "In Google Cloud, delete these credentials and create a new OAuth client ID of type “Web application”, with the redirect URI shown here. With a desktop app, Google refuses the authorization (redirect_uri_mismatch).",
    },
  },
  redirect_uri_missing: {
    fr: {
      title: "L’URI de redirection de Relais manque dans ce client Google",
      advice:
        "Dans Google Cloud, ouvrez l’ID client OAuth, ajoutez exactement l’URI indiqué sous « URI de redirection autorisés » (même protocole, même hôte, même port, sans barre oblique finale), enregistrez, puis téléchargez de nouveau le fichier.",
    },
    en: {
      title: "Relais’s redirect URI is missing from this Google client",
      advice:
        "In Google Cloud, open the OAuth client ID, add exactly the URI shown under “Authorized redirect URIs” (same scheme, host and port, no trailing slash), save, then download the file again.",
    },
  },
  fixed_by_environment: {
    fr: {
      title: "Cette adresse est définie dans la configuration",
      advice: "Elle figure dans RELAIS_OPERATORS : retirez-la de la configuration du déploiement, pas d’ici.",
    },
    en: {
      title: "This address is set in the configuration",
      advice: "It is listed in RELAIS_OPERATORS: remove it from the deployment’s configuration, not here.",
    },
  },
  security_event_invalid: {
    fr: {
      title: "Ce n’est pas une alerte de sécurité de Google pour cette application",
      advice:
        "Sa signature, son émetteur ou son destinataire (ID client) est incorrect. Vérifiez que l’ID client enregistré dans Relais est celui du projet Google qui envoie les alertes.",
    },
    en: {
      title: "This is not a Google security event for this app",
      advice:
        "Its signature, issuer or audience (client ID) is wrong. Check that the client ID saved in Relais belongs to the Google project that sends the events.",
    },
  },
  contended: {
    fr: {
      title: "Trop de modifications en même temps",
      advice: "Plusieurs modifications ont eu lieu au même moment. Réessayez dans quelques secondes.",
    },
    en: {
      title: "Too many changes at once",
      advice: "Several changes were made at the same moment. Try again in a few seconds.",
    },
  },
  overloaded: {
    fr: { title: "Relais est surchargé", advice: "Réessayez dans quelques secondes." },
    en: { title: "Relais is very busy", advice: "Try again in a few seconds." },
  },
  unavailable: {
    fr: {
      title: "Le service est momentanément indisponible",
      advice: "Réessayez dans un instant. Si le problème persiste, prévenez un opérateur.",
    },
    en: {
      title: "The service is temporarily unavailable",
      advice: "Try again shortly. If the problem persists, tell an operator.",
    },
  },
  no_answer_in_time: {
    fr: {
      title: "La réponse n’est pas arrivée à temps",
      advice:
        "La requête a peut-être abouti. Vérifiez-le avant de recommencer ; un message peut être renvoyé sans risque avec la même Idempotency-Key.",
    },
    en: {
      title: "The response did not arrive in time",
      advice:
        "The request may have succeeded. Check before you try again; a message can safely be sent again with the same Idempotency-Key.",
    },
  },
  internal_error: {
    fr: {
      title: "Une erreur s’est produite dans Relais",
      advice: "Réessayez. Si l’erreur se reproduit, communiquez l’identifiant de la requête à un opérateur.",
    },
    en: {
      title: "Something went wrong inside Relais",
      advice: "Try again. If it happens again, give the request ID to an operator.",
    },
  },

  // --- connecting an account ---
  gmail_credentials_missing: {
    fr: {
      title: "Aucun client Google n’est enregistré",
      advice:
        "Un opérateur doit d’abord l’enregistrer dans « Installation » : dans Google Cloud, créez un ID client OAuth de type « Application Web », téléchargez son fichier JSON et importez-le dans Relais.",
    },
    en: {
      title: "No Google client is saved",
      advice:
        "An operator must first save one in Setup: in Google Cloud, create an OAuth client ID of type “Web application”, download its JSON file and upload it to Relais.",
    },
  },
  state_invalid: {
    fr: {
      title: "Cette demande d’autorisation n’est plus valable",
      advice:
        "Elle a déjà servi, elle date de plus de dix minutes, ou elle a été lancée dans un autre navigateur. Revenez dans Relais et recommencez la connexion dans cette même fenêtre.",
    },
    en: {
      title: "This authorization request is no longer valid",
      advice:
        "It has already been used, it is more than ten minutes old, or it was started in another browser. Go back to Relais and start again in this same window.",
    },
  },
  code_invalid: {
    fr: {
      title: "Google n’a pas reconnu le code d’autorisation",
      advice: "Le code manque, a expiré ou a déjà servi. Revenez dans Relais et recommencez la connexion.",
    },
    en: {
      title: "Google did not accept the authorization code",
      advice: "The code is missing, has expired or has already been used. Go back to Relais and connect again.",
    },
  },
  consent_denied: {
    fr: {
      title: "L’accès a été refusé sur la page de Google",
      advice:
        "Si vous avez cliqué sur « Annuler » ou « Refuser », recommencez et choisissez « Continuer », puis « Autoriser ». Si Google a affiché « Erreur 403 : access_denied », l’application est en mode test et cette adresse ne fait pas partie de ses utilisateurs tests : dans Google Cloud, ouvrez l’écran de consentement OAuth (« Audience ») et, sous « Utilisateurs tests », ajoutez l’adresse exacte à connecter, puis recommencez.",
    },
    en: {
      title: "Access was denied on Google’s page",
      advice:
        "If you clicked “Cancel” or “Deny”, start again and choose “Continue”, then “Allow”. If Google showed “Error 403: access_denied”, the app is in testing and this address is not one of its test users: in Google Cloud, open the OAuth consent screen (“Audience”), add the exact address you want to connect under “Test users”, then start again.",
    },
  },
  consent_refused: {
    fr: {
      title: "Google ou votre organisation a refusé l’autorisation",
      advice:
        "Si l’adresse appartient à une organisation, son administrateur Google Workspace doit autoriser cette application (console d’administration › Sécurité › Commandes des API). Si l’application est de type « Interne », seules les adresses de la même organisation peuvent se connecter : utilisez l’une d’elles, ou passez l’application en « Externe ».",
    },
    en: {
      title: "Google or your organization refused the authorization",
      advice:
        "If the address belongs to an organization, its Google Workspace administrator must allow this app (Admin console › Security › API controls). If the app is of type “Internal”, only addresses in the same organization can connect: use one of them, or make the app “External”.",
    },
  },
  account_mismatch: {
    fr: {
      title: "Ce n’est pas le compte Google de ce serveur de messagerie",
      advice:
        "Recommencez et choisissez, sur la page de Google, le compte dont l’adresse est le nom d’utilisateur du serveur. Si ce nom d’utilisateur est un alias, remplacez-le par l’adresse principale du compte et ajoutez l’alias au filtre d’expéditeur (fromFilter). Un groupe Google n’est pas un compte et ne peut pas être connecté : connectez un compte autorisé à envoyer en son nom.",
    },
    en: {
      title: "This is not the Google account of this mail server",
      advice:
        "Start again and, on Google’s page, choose the account whose address is the mail server’s username. If that username is an alias, replace it with the account’s primary address and add the alias to the From filter (fromFilter). A Google Group is not an account and cannot be connected: connect an account that is allowed to send on its behalf.",
    },
  },
  scope_missing: {
    fr: {
      title: "Une autorisation nécessaire n’a pas été cochée",
      advice:
        "Sur la page de Google, la case concernant Gmail n’a pas été cochée ; sans cette autorisation, aucun message ne peut partir. Recommencez la connexion et laissez toutes les cases cochées.",
    },
    en: {
      title: "A required permission was not granted",
      advice:
        "The Gmail box on Google’s page was left unchecked; without that permission, no mail can be sent. Connect again and leave every box checked.",
    },
  },
  refresh_token_missing: {
    fr: {
      title: "Google n’a pas fourni de jeton durable",
      advice:
        "Avec ce compte, retirez l’accès de cette application sur https://myaccount.google.com/connections, puis recommencez la connexion. Attention : les autres serveurs de messagerie connectés à ce même compte devront eux aussi être reconnectés.",
    },
    en: {
      title: "Google did not provide a lasting token",
      advice:
        "Signed in to this account, remove this app’s access at https://myaccount.google.com/connections, then connect again. Note that other mail servers connected to the same account will have to be reconnected too.",
    },
  },
  identity_unproven: {
    fr: {
      title: "L’identité du compte n’a pas pu être vérifiée",
      advice:
        "La réponse de Google n’a pas pu être vérifiée. Recommencez la connexion. Si le problème se reproduit, un opérateur doit vérifier l’ID client enregistré et l’heure de la machine.",
    },
    en: {
      title: "The account’s identity could not be verified",
      advice:
        "Google’s response could not be verified. Connect again. If this happens again, an operator should check the saved client ID and the machine’s clock.",
    },
  },
  client_rejected: {
    fr: {
      title: "Google refuse l’ID client ou le code secret de Relais",
      advice:
        "Un opérateur doit vérifier dans Google Cloud que l’ID client OAuth existe encore, qu’il est de type « Application Web », que son code secret est bien celui enregistré dans les réglages, et que l’URI de redirection de Relais y figure exactement. Le compte Gmail n’est pas en cause : les messages sont retenus et partiront automatiquement dès que Google acceptera de nouveau le client.",
    },
    en: {
      title: "Google rejects Relais’s client ID or secret",
      advice:
        "An operator must check in Google Cloud that the OAuth client ID still exists, that it is of type “Web application”, that its secret is the one saved in the settings, and that Relais’s exact redirect URI is listed there. The Gmail account is not the cause: messages are held and will be sent automatically once Google accepts the client again.",
    },
  },
  google_unavailable: {
    fr: {
      title: "Google ne répond pas pour l’instant",
      advice:
        "Réessayez dans un instant. Si vous reveniez de la page de Google, rechargez simplement cette page : la même demande peut encore aboutir pendant dix minutes.",
    },
    en: {
      title: "Google is not responding at the moment",
      advice:
        "Try again shortly. If you were coming back from Google’s page, just reload this page: the same request can still succeed for ten minutes.",
    },
  },

  // --- the reason for a connection's state ---
  grant_revoked: {
    fr: {
      title: "L’accès au compte Gmail n’est plus valable",
      advice: "Reconnectez le compte Gmail ; les messages retenus partiront ensuite automatiquement.",
    },
    en: {
      title: "Access to the Gmail account is no longer valid",
      advice: "Reconnect the Gmail account; held messages will then be sent automatically.",
    },
  },
  disconnected_by_operator: {
    fr: {
      title: "Ce serveur a été déconnecté",
      advice: "Reconnectez le compte Gmail quand vous voudrez de nouveau envoyer par ce serveur.",
    },
    en: {
      title: "This mail server was disconnected",
      advice: "Connect the Gmail account again when you want to send through this mail server.",
    },
  },
  testing_7d: {
    fr: {
      title: "Jeton de sept jours : l’application Google est en mode test",
      advice:
        "Tant que l’application est « Externe » et « En test », chaque autorisation expire au bout de sept jours. Reconnectez le compte maintenant. Pour que cela cesse, choisissez le type d’utilisateur « Interne » (Google Workspace) ou l’état de publication « En production » : Google affiche alors un avertissement tant que l’application n’est pas validée, mais les jetons n’expirent plus au bout de sept jours.",
    },
    en: {
      title: "Seven-day token: the Google app is in testing",
      advice:
        "While the app is “External” and in “Testing”, every authorization expires after seven days. Reconnect the account now. To put an end to this, choose user type “Internal” (Google Workspace) or publishing status “In production”: Google then shows a warning until the app is verified, but tokens no longer expire after seven days.",
    },
  },
  idle_6m: {
    fr: {
      title: "Jeton resté inutilisé pendant six mois",
      advice:
        "Une autorisation restée six mois sans servir expire. Reconnectez le compte ; tant que Relais fonctionne, il maintient ensuite le jeton actif.",
    },
    en: {
      title: "Token unused for six months",
      advice:
        "An authorization expires when it has not been used for six months. Reconnect the account; from then on, Relais keeps the token active as long as it runs.",
    },
  },
  token_cap: {
    fr: {
      title: "Trop d’autorisations pour ce compte",
      advice:
        "Google conserve au plus 100 jetons par compte et par client ; le plus ancien cesse de fonctionner sans avertissement. Reconnectez ce serveur, et évitez de reconnecter sans nécessité les autres serveurs du même compte.",
    },
    en: {
      title: "Too many authorizations for this account",
      advice:
        "Google keeps at most 100 tokens per account and client; the oldest one stops working without warning. Reconnect this mail server, and avoid reconnecting other mail servers of the same account unless you have to.",
    },
  },
  time_based: {
    fr: {
      title: "L’accès avait été accordé pour une durée limitée",
      advice:
        "Reconnectez le compte. Si Google vous propose une durée, choisissez la plus longue ; dans une organisation, l’administrateur peut lever cette limite.",
    },
    en: {
      title: "Access was granted for a limited time",
      advice:
        "Reconnect the account. If Google offers a choice of duration, pick the longest; in an organization, the administrator can lift the limit.",
    },
  },
  password_or_revoked: {
    fr: {
      title: "Mot de passe changé ou accès retiré",
      advice:
        "Le mot de passe du compte a été changé, ou l’accès de l’application a été retiré dans le compte Google. Il suffit de reconnecter le compte.",
    },
    en: {
      title: "Password changed or access removed",
      advice:
        "The account’s password was changed, or the app’s access was removed in the Google account. Reconnect the account; nothing else is needed.",
    },
  },
  account_disabled: {
    fr: {
      title: "Google a désactivé ou restreint ce compte",
      advice:
        "Connectez-vous à Gmail avec ce compte pour en connaître la cause, ou demandez à l’administrateur Google Workspace de le rétablir. Une fois le compte rétabli, reconnectez-le ici si cela ne s’est pas fait automatiquement.",
    },
    en: {
      title: "Google has disabled or restricted this account",
      advice:
        "Sign in to Gmail with this account to see why, or ask the Google Workspace administrator to restore it. Once the account is back, reconnect it here if that has not happened automatically.",
    },
  },
  account_deleted: {
    fr: {
      title: "Ce compte Google a été supprimé",
      advice:
        "Il ne peut pas être reconnecté. S’il a été supprimé par erreur, récupérez-le auprès de Google (un administrateur Google Workspace dispose de 20 jours pour restaurer un utilisateur), puis reconnectez-le. Sinon, indiquez l’adresse d’un autre compte pour ce serveur et connectez-le ; les messages retenus partiront alors.",
    },
    en: {
      title: "This Google account has been deleted",
      advice:
        "It cannot be reconnected. If it was deleted by mistake, recover it with Google (a Google Workspace administrator has 20 days to restore a user), then reconnect it. Otherwise, set this mail server’s username to another account’s address and connect that account; held messages will then be sent.",
    },
  },
  advanced_protection: {
    fr: {
      title: "La Protection avancée de Google bloque l’application",
      advice:
        "Tant que le compte est inscrit au programme Protection Avancée, le reconnecter ne sert à rien. Utilisez un autre compte pour ce serveur ; dans une organisation, l’administrateur Google Workspace peut aussi ajouter l’ID client de Relais aux applications de confiance. À défaut, désinscrivez le compte du programme, puis reconnectez-le.",
    },
    en: {
      title: "Google’s Advanced Protection blocks the app",
      advice:
        "Reconnecting does not help while the account is enrolled in the Advanced Protection Program. Use another account for this mail server; in an organization, the Google Workspace administrator can also mark Relais’s client ID as a trusted app. Failing that, unenroll the account, then reconnect it.",
    },
  },
  session_policy: {
    fr: {
      title: "L’organisation limite la durée des sessions",
      advice:
        "L’accès expire à la fin de chaque session, dont l’organisation fixe la durée : en général 16 à 24 heures. Reconnectez le compte. Pour que cela cesse, l’administrateur Google Workspace doit exempter l’application : console d’administration › Sécurité › Contrôle des sessions Google Cloud, « Exempter les applications de confiance », après avoir marqué l’ID client de Relais comme fiable dans les commandes des API.",
    },
    en: {
      title: "The organization limits session length",
      advice:
        "Access expires each time the session length set by the organization runs out, usually after 16 to 24 hours. Reconnect the account. To put an end to this, the Google Workspace administrator must exempt the app: Admin console › Security › Google Cloud session control, “Exempt trusted apps”, with Relais’s client ID marked as trusted under API controls.",
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
      title: "L’application est réservée à son organisation",
      advice:
        "Dans Google Cloud, le type d’utilisateur de l’application est « Interne » : seuls les comptes de l’organisation à laquelle elle appartient peuvent l’utiliser. Connectez un compte de cette organisation, ou passez l’application en « Externe » (Google Auth Platform › Audience), puis reconnectez le compte.",
    },
    en: {
      title: "The app is restricted to its own organization",
      advice:
        "In Google Cloud, the app’s user type is “Internal”: only accounts in the organization that owns it can use it. Connect an account in that organization, or make the app “External” (Google Auth Platform › Audience), then reconnect the account.",
    },
  },
  clock: {
    fr: {
      title: "L’horloge de la machine n’est pas à l’heure",
      advice: "L’heure de la machine s’écarte trop de celle de Google. Réglez-la, puis lancez « Tester la connexion ».",
    },
    en: {
      title: "The machine’s clock is wrong",
      advice: "The machine’s time is too far from Google’s. Correct it, then run “Test connection”.",
    },
  },
  unclear: {
    fr: {
      title: "Google refuse le jeton sans dire pourquoi",
      advice:
        "Reconnectez le compte. Si cela se reproduit tous les sept jours, l’application Google est en mode test ; si cela se reproduit de façon irrégulière, vérifiez la sécurité du compte Google.",
    },
    en: {
      title: "Google refuses the token without saying why",
      advice:
        "Reconnect the account. If this happens every seven days, the Google app is in testing; if it happens irregularly, check the Google account’s security page.",
    },
  },
  secret_missing: {
    fr: {
      title: "Le jeton enregistré ne peut plus être lu",
      advice: "Il a été détruit ou sa clé de chiffrement a disparu. Reconnectez le compte Gmail.",
    },
    en: {
      title: "The stored token can no longer be read",
      advice: "It was destroyed, or the key that encrypts it is gone. Reconnect the Gmail account.",
    },
  },
  gmail_refused: {
    fr: {
      title: "Gmail refuse d’envoyer pour ce compte, malgré un jeton valide",
      advice:
        "Vérifiez que le compte est actif, que sa licence comprend Gmail et que l’organisation autorise SMTP et l’API Gmail. Lancez ensuite « Tester la connexion » en envoyant un message de test, ou reconnectez le compte : les messages retenus partiront. Relais vérifie aussi régulièrement de lui-même.",
    },
    en: {
      title: "Gmail refuses to send for this account although its token is valid",
      advice:
        "Check that the account is active, that its license includes Gmail, and that the organization allows SMTP and the Gmail API. Then run “Test connection” with a test email, or reconnect the account: held messages will be sent. Relais also checks again automatically.",
    },
  },

  account_renamed: {
    fr: {
      title: "Ce compte Google a changé d’adresse",
      advice:
        "Remplacez le nom d’utilisateur du serveur par la nouvelle adresse du compte : aucun nouveau consentement n’est nécessaire. D’ici là, les messages partent sous l’ancienne adresse tant qu’elle reste un alias du compte ; sinon, ils attendent.",
    },
    en: {
      title: "This Google account has a new address",
      advice:
        "Change the mail server’s username to the account’s new address; no new consent is needed. Until then, mail is sent from the old address as long as it is an alias of the account; otherwise it waits.",
    },
  },
  client_changed: {
    fr: {
      title: "Cet accès a été accordé à un autre client OAuth",
      advice:
        "Reconnectez le compte Gmail avec le client actuel, ou enregistrez de nouveau l’ancien client dans « Installation ».",
    },
    en: {
      title: "This access was granted to another OAuth client",
      advice: "Reconnect the Gmail account with the current client, or save the previous client again under “Setup”.",
    },
  },

  // --- messages ---
  message_too_large: {
    fr: {
      title: "Le message est trop volumineux",
      advice:
        "Les pièces jointes, le texte et le HTML ne peuvent pas dépasser 24 000 000 octets au total, ni un message déjà composé 33 000 000 (7 000 000 par Pub/Sub). Allégez le message ou envoyez un lien.",
    },
    en: {
      title: "The message is too large",
      advice:
        "Attachments, text and HTML must not exceed 24,000,000 bytes in total, nor a composed mail 33,000,000 (7,000,000 through Pub/Sub). Make the message smaller or send a link.",
    },
  },
  envelope_unsupported: {
    fr: {
      title: "Ce serveur de messagerie ne peut pas respecter l’enveloppe du message",
      advice:
        "L’API Gmail envoie à toutes les adresses de To et Cc, sans tenir compte de l’enveloppe. Passez le serveur en SMTP, ou ne laissez dans To et Cc que les destinataires de ce message.",
    },
    en: {
      title: "This mail server cannot keep to the message’s envelope",
      advice:
        "The Gmail API sends to every address in To and Cc, whatever the envelope. Set the mail server to SMTP, or leave only this message’s recipients in To and Cc.",
    },
  },
  from_not_allowed: {
    fr: {
      title: "Aucun serveur de messagerie ne peut envoyer depuis cette adresse",
      advice:
        "Ajoutez l’adresse ou son domaine au filtre d’expéditeur d’un serveur connecté. En SMTP, elle doit aussi être une adresse d’expédition validée du compte (Gmail › Paramètres › Comptes › « Envoyer des e-mails en tant que »).",
    },
    en: {
      title: "No mail server may send from this address",
      advice:
        "Add the address or its domain to the From filter of a connected mail server. With SMTP, it must also be a verified send-as address of the account (Gmail › Settings › Accounts › “Send mail as”).",
    },
  },
  server_unavailable: {
    fr: {
      title: "Ce serveur de messagerie ne peut pas envoyer",
      advice: "Il est archivé, ou son compte Gmail n’est pas connecté. Restaurez-le ou connectez son compte.",
    },
    en: {
      title: "This mail server cannot send",
      advice: "It is archived, or its Gmail account is not connected. Restore it, or connect its account.",
    },
  },
  idempotency_key_reused: {
    fr: {
      title: "Cette clé d’idempotence a déjà servi pour un autre message",
      advice: "Utilisez une nouvelle clé pour un nouveau message, et la même clé pour renvoyer le même message.",
    },
    en: {
      title: "This idempotency key was already used for another message",
      advice: "Use a new key for a new message, and the same key to repeat the same message.",
    },
  },
  wrong_status: {
    fr: {
      title: "L’état du message ne permet pas cette action",
      advice: "Rechargez le message : son état a changé, et d’autres actions sont possibles.",
    },
    en: {
      title: "The message’s status does not allow this",
      advice: "Reload the message: its status has changed, and other actions are available.",
    },
  },
  body_erased: {
    fr: {
      title: "Le contenu du message a été effacé",
      advice: "Relais ne le conserve pas au-delà du délai de conservation. Envoyez un nouveau message.",
    },
    en: {
      title: "The message’s content has been erased",
      advice: "Relais keeps no copy beyond the retention period. Send a new message.",
    },
  },

  // --- stages of Test connection, attempts at delivery ---
  dns_failed: {
    fr: {
      title: "L’adresse du serveur de Gmail est introuvable (DNS)",
      advice: "Vérifiez que la machine a accès à Internet et à son DNS, puis réessayez.",
    },
    en: {
      title: "Gmail’s host name could not be resolved",
      advice: "Check that the machine can reach the internet and its DNS server, then try again.",
    },
  },
  tls_failed: {
    fr: {
      title: "La connexion chiffrée avec Gmail n’a pas abouti",
      advice:
        "Le certificat n’est pas fiable, ou le port est fermé. Un pare-feu ou un antivirus s’interpose peut-être : ouvrez le port 465 (ou 587) vers smtp.gmail.com, sans inspection du trafic.",
    },
    en: {
      title: "The encrypted connection to Gmail failed",
      advice:
        "The certificate is not trusted, or the port is closed. A firewall or antivirus may be in the way: open port 465 (or 587) to smtp.gmail.com, without traffic inspection.",
    },
  },
  connection_lost: {
    fr: {
      title: "La connexion avec Gmail a été coupée",
      advice: "Rien n’a été envoyé. Relais réessaiera automatiquement ; si le problème persiste, vérifiez le réseau.",
    },
    en: {
      title: "The connection to Gmail was lost",
      advice: "Nothing was sent. Relais will try again automatically; if the problem persists, check the network.",
    },
  },
  timed_out: {
    fr: {
      title: "Gmail n’a pas répondu à temps",
      advice:
        "Rien n’a été envoyé. Relais réessaiera automatiquement ; si le problème persiste, vérifiez le réseau et le pare-feu.",
    },
    en: {
      title: "Gmail did not respond in time",
      advice:
        "Nothing was sent. Relais will try again automatically; if the problem persists, check the network and the firewall.",
    },
  },
  auth_refused: {
    fr: {
      title: "Gmail refuse l’authentification",
      advice:
        "Le jeton n’est pas accepté pour ce compte. Reconnectez le compte Gmail ; dans une organisation, vérifiez que l’administrateur autorise SMTP et cette application.",
    },
    en: {
      title: "Gmail refuses to authenticate the account",
      advice:
        "The token is not accepted for this account. Reconnect the Gmail account; in an organization, check that the administrator allows SMTP and this app.",
    },
  },
  sender_refused: {
    fr: {
      title: "Gmail refuse l’adresse de l’expéditeur",
      advice:
        "L’adresse doit être celle du compte ou une adresse d’expédition validée (Gmail › Paramètres › Comptes › « Envoyer des e-mails en tant que »).",
    },
    en: {
      title: "Gmail refuses the sender’s address",
      advice:
        "It must be the account’s own address or a verified send-as address (Gmail › Settings › Accounts › “Send mail as”).",
    },
  },
  recipients_refused: {
    fr: {
      title: "Des destinataires ont été refusés",
      advice: "Vérifiez l’orthographe des adresses refusées ; la réponse de Gmail est indiquée pour chacune.",
    },
    en: {
      title: "Some recipients were refused",
      advice: "Check the spelling of the refused addresses; Gmail’s response is shown for each of them.",
    },
  },
  message_refused: {
    fr: {
      title: "Gmail refuse le message",
      advice:
        "Sa réponse indique pourquoi (contenu suspect, pièce jointe interdite, taille…). Corrigez le message, puis envoyez-le de nouveau.",
    },
    en: {
      title: "Gmail refuses the message",
      advice:
        "Its response says why (suspicious content, forbidden attachment, size…). Correct the message, then send it again.",
    },
  },
  temporarily_refused: {
    fr: {
      title: "Gmail demande de réessayer plus tard",
      advice: "Vous n’avez rien à faire : Relais réessaiera automatiquement.",
    },
    en: {
      title: "Gmail asks Relais to try again later",
      advice: "You do not need to do anything: Relais will try again automatically.",
    },
  },
  quota_reached: {
    fr: {
      title: "La limite quotidienne de Gmail est atteinte",
      advice:
        "Gmail autorise environ 500 destinataires par jour (2 000 avec Google Workspace), envois depuis son site Web compris. Le message partira quand Gmail lèvera la limite, au plus tard dans 24 heures ; vous pouvez aussi répartir les envois sur un autre serveur.",
    },
    en: {
      title: "Gmail’s daily limit has been reached",
      advice:
        "Gmail allows about 500 recipients a day (2,000 with Google Workspace), including mail sent from its website. The message will be sent once Gmail lifts the limit, within 24 hours; you can also spread your mail over another server.",
    },
  },
  rate_limited: {
    fr: {
      title: "Gmail demande d’envoyer moins vite",
      advice:
        "Vous n’avez rien à faire : Relais attend, puis réessaie automatiquement. Si cela se répète, abaissez la limite par minute du serveur de messagerie.",
    },
    en: {
      title: "Gmail asks Relais to send more slowly",
      advice:
        "You do not need to do anything: Relais waits, then tries again automatically. If this happens often, lower the mail server’s limit per minute.",
    },
  },
  too_many_logins: {
    fr: {
      title: "Trop de connexions à ce compte en peu de temps",
      advice:
        "Relais ralentit et réessaiera automatiquement. Si d’autres programmes utilisent ce compte en SMTP ou en IMAP, réduisez leurs connexions.",
    },
    en: {
      title: "Too many sign-ins to this account in a short time",
      advice:
        "Relais slows down and will try again automatically. If other programs use this account over SMTP or IMAP, reduce their connections.",
    },
  },
  gmail_api_disabled: {
    fr: {
      title: "L’API Gmail n’est pas activée dans le projet Google",
      advice:
        "Dans Google Cloud, ouvrez « API et services » › « Bibliothèque », activez « Gmail API » dans le projet de l’ID client, puis réessayez au bout de quelques minutes.",
    },
    en: {
      title: "The Gmail API is not enabled in the Google project",
      advice:
        "In Google Cloud, open “APIs & Services” › “Library”, enable “Gmail API” in the client ID’s project, then try again after a few minutes.",
    },
  },
  gmail_unavailable: {
    fr: {
      title: "Gmail est momentanément indisponible",
      advice: "Vous n’avez rien à faire : Relais réessaiera automatiquement.",
    },
    en: {
      title: "Gmail is temporarily unavailable",
      advice: "You do not need to do anything: Relais will try again automatically.",
    },
  },
  limit_reached: {
    fr: {
      title: "La limite d’envoi du serveur est atteinte",
      advice:
        "Le message partira dès que la limite le permettra, dans l’ordre d’arrivée. Vous pouvez relever la limite du serveur, sans dépasser celle de Gmail.",
    },
    en: {
      title: "The mail server’s sending limit has been reached",
      advice:
        "The message will be sent as soon as the limit allows, oldest first. You can raise the mail server’s limit, but not beyond Gmail’s.",
    },
  },
  reconnect_required: {
    fr: {
      title: "Le serveur de messagerie ne peut pas envoyer pour l’instant",
      advice:
        "Sa page explique pourquoi et ce qu’il faut faire ; le plus souvent, reconnecter le compte Gmail. Les messages retenus partiront ensuite automatiquement, les plus anciens d’abord.",
    },
    en: {
      title: "The mail server cannot send at the moment",
      advice:
        "Its page explains why and what to do; usually, the Gmail account must be reconnected. Held messages will then be sent automatically, oldest first.",
    },
  },
  paused: {
    fr: {
      title: "Les envois sont suspendus",
      advice:
        "Un opérateur a suspendu tous les envois. Ils reprendront dès qu’un opérateur lèvera la pause dans les réglages.",
    },
    en: {
      title: "Sending is paused",
      advice: "An operator has paused all sending. It resumes once an operator lifts the pause in the settings.",
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
      title: "Relais ne sait pas si le message est parti",
      advice:
        "La réponse de Gmail s’est perdue après l’envoi. Cherchez le message dans le dossier « Messages envoyés » du compte, puis indiquez ici s’il est parti, ou renvoyez-le.",
    },
    en: {
      title: "Relais does not know whether the message was sent",
      advice:
        "Gmail’s response was lost after the message went out. Look for it in the account’s “Sent” folder, then say here whether it was sent, or send it again.",
    },
  },
  gmail_failed: {
    fr: {
      title: "Gmail a rencontré une erreur en recevant le message",
      advice:
        "Sa réponse ne dit pas si le message est parti. Cherchez-le dans le dossier « Messages envoyés » du compte, puis indiquez ici s’il est parti, ou renvoyez-le. Un message envoyé avec « onUnknown: resend » est renvoyé automatiquement.",
    },
    en: {
      title: "Gmail ran into an error while accepting the message",
      advice:
        "Its response does not say whether the message was sent. Look for it in the account’s “Sent” folder, then say here whether it was sent, or send it again. A message sent with “onUnknown: resend” is sent again automatically.",
    },
  },
  attempts_exhausted: {
    fr: {
      title: "Le message n’est pas parti malgré 72 heures de tentatives",
      advice: "Lisez la dernière réponse de Gmail, corrigez-en la cause, puis cliquez sur « Réessayer l’envoi ».",
    },
    en: {
      title: "The message could not be sent in 72 hours of trying",
      advice: "Read Gmail’s last response, fix its cause, then click “Retry sending”.",
    },
  },
  expired: {
    fr: {
      title: "Le message a expiré avant de partir",
      advice:
        "L’échéance fixée à l’envoi (expiresAt) est dépassée. Envoyez le message de nouveau s’il est encore utile.",
    },
    en: {
      title: "The message expired before it could be sent",
      advice: "Its deadline (expiresAt) has passed. Send it again if it is still useful.",
    },
  },
};

/** The text for a code; every code has both languages. */
export const problemText = (code: TextCode, language: Language): ProblemText => {
  const { title, advice } = TEXTS[code][language];
  return { title: typeset(title, language), advice: typeset(advice, language) };
};

/** Whether a code from outside (such as a page's `?problem=` or a stored attempt) has a text. */
export const isTextCode = (code: string): code is TextCode => Object.hasOwn(TEXTS, code);

export const TEXT_CODES: readonly TextCode[] = Object.keys(TEXTS).filter(isTextCode);
