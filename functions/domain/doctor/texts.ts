import type { InEveryLanguage } from "../language.ts";
import type { CheckId, Situation } from "./checks.ts";

type InBoth = InEveryLanguage;

/** What a check is about, in a line that stands whether or not it is passed. */
export const TITLES: Readonly<Record<CheckId, InBoth>> = {
  gmail_credentials: { fr: "ID client et code secret de Google", en: "Google client ID and secret" },
  client_type: { fr: "Type d’application du client Google", en: "Application type of the Google client" },
  redirect_uri: { fr: "URI de redirection autorisé chez Google", en: "Redirect URI authorized at Google" },
  public_url: { fr: "Adresse publique de Relais", en: "Public address of Relais" },
  publishing_status: { fr: "État de publication chez Google", en: "Publishing status at Google" },
  test_users: { fr: "Utilisateurs tests", en: "Test users" },
  gmail_api: { fr: "API Gmail activée dans le projet Google", en: "Gmail API enabled in the Google project" },
  relais_version: { fr: "Module Gmail à jour", en: "Gmail module up to date" },
  operators: { fr: "Opérateurs", en: "Operators" },
  setup_token: { fr: "Jeton d’installation", en: "Setup token" },
  operators_fixed: { fr: "Opérateur fixé par la configuration", en: "Operator fixed by the configuration" },
  mail_server: { fr: "Un serveur de messagerie peut envoyer", en: "A mail server can send" },
  reconnect: { fr: "Comptes à reconnecter", en: "Accounts to be reconnected" },
  former_client: {
    fr: "Comptes connectés par un ancien client Google",
    en: "Accounts connected through a former Google client",
  },
  session_length: { fr: "Durée de session de l’organisation", en: "The organization’s session length" },
  expiring: { fr: "Accès qui arrivent à leur terme", en: "Access about to end" },
  send_as: { fr: "Adresses d’expéditeur vérifiables", en: "Sender addresses that can be checked" },
  paused: { fr: "Envois en cours", en: "Sending is on" },
  security_events: { fr: "Alertes de sécurité de Google", en: "Security events from Google" },
  alerts: { fr: "Avis par e-mail aux opérateurs", en: "Mail to the operators" },
};

/** What is so, and what to do next. `{values}` are filled in by the check. */
export const ADVICE: Readonly<Record<Situation, InBoth>> = {
  credentials_saved: {
    fr: "Relais se présente à Google sous l’ID client {clientId}.",
    en: "Relais speaks to Google as client ID {clientId}.",
  },
  credentials_rejected: {
    fr: "Google refuse l’ID client {clientId} ({error}) : aucun accès ne peut être prolongé et les messages attendent. Vérifiez dans Google Cloud que ce client existe encore et que son code secret est celui de Relais ; sinon, déposez à nouveau son fichier JSON dans les réglages.",
    en: "Google refuses client ID {clientId} ({error}): no access can be renewed and mail is waiting. Check in Google Cloud that the client still exists and that its secret is the one in Relais; if not, upload its JSON file again in the settings.",
  },
  credentials_missing: {
    fr: "Dans Google Cloud, créez un ID client OAuth de type « Application Web » avec l’URI de redirection {redirectUri}, téléchargez son fichier JSON, puis déposez-le dans Relais, sous « Installation ».",
    en: "In Google Cloud, create an OAuth client ID of type “Web application” with the redirect URI {redirectUri}, download its JSON file, then upload it in Relais, under “Setup”.",
  },
  client_proven: {
    fr: "Un compte a été connecté par ce client : son type et son URI de redirection conviennent.",
    en: "An account was connected through this client: its type and its redirect URI are right.",
  },
  client_type_unproven: {
    fr: "Relais ne peut pas le voir avant qu’un premier compte soit connecté. Le type doit être « Application Web » : avec « Application de bureau », Google affiche une erreur d’autorisation. En cas de doute, déposez le fichier JSON téléchargé chez Google, que Relais vérifie.",
    en: "Relais cannot see this before a first account is connected. The type must be “Web application”: with “Desktop app” Google shows an authorization error. When in doubt, upload the JSON file downloaded from Google, which Relais checks.",
  },
  redirect_uri_unproven: {
    fr: "Relais ne peut pas le voir avant qu’un premier compte soit connecté. Sous « URI de redirection autorisés » doit figurer exactement {redirectUri} : même protocole, même hôte, même port, sans barre oblique finale. Sinon Google affiche « redirect_uri_mismatch ».",
    en: "Relais cannot see this before a first account is connected. “Authorized redirect URIs” must hold exactly {redirectUri}: same scheme, host and port, no trailing slash. Otherwise Google shows “redirect_uri_mismatch”.",
  },
  public_url_https: { fr: "{publicUrl} est en https.", en: "{publicUrl} is https." },
  public_url_local: {
    fr: "{publicUrl} : Google accepte http sur cette machine seulement. Pour d’autres utilisateurs, déployez Relais sous une adresse https.",
    en: "{publicUrl}: Google takes http on this machine only. For other people, deploy Relais at an https address.",
  },
  public_url_http: {
    fr: "{publicUrl} n’est pas en https : Google refuse un tel URI de redirection. Donnez à RELAIS_PUBLIC_URL une adresse https.",
    en: "{publicUrl} is not https: Google refuses such a redirect URI. Give RELAIS_PUBLIC_URL an https address.",
  },
  status_internal: {
    fr: "Déclaré « Interne » : ni avertissement, ni vérification, ni expiration au bout de sept jours ; seules les adresses de l’organisation peuvent se connecter.",
    en: "Declared “Internal”: no warning, no verification, no end after seven days; only addresses of the organization can connect.",
  },
  status_production: {
    fr: "Déclaré « En production » : les accès n’expirent pas au bout de sept jours. Tant que Google n’a pas vérifié l’application, il affiche l’avertissement « application non validée » (Paramètres avancés › Continuer) et limite à 100 le nombre d’utilisateurs. Revenir à l’état de test supprimerait l’avertissement, mais imposerait de reconnecter chaque compte toutes les semaines.",
    en: "Declared “In production”: access does not end after seven days. Until Google has verified the app, it shows the “app isn’t verified” warning (Advanced › Continue) and allows 100 users at most. Going back to testing would remove the warning, but would make you reconnect every account each week.",
  },
  status_testing: {
    fr: "Déclaré « Test » : avec un type d’utilisateur externe, Google met fin à chaque accès au bout de sept jours, et les comptes sont à reconnecter toutes les semaines. Passez l’application « En production » (un avertissement s’affichera à la connexion) ou, avec Google Workspace, choisissez le type « Interne », puis reconnectez les comptes.",
    en: "Declared “Testing”: with user type external, Google ends every access after seven days, and accounts must be reconnected each week. Publish the app “In production” (a warning will show when connecting) or, with Google Workspace, choose user type “Internal”, then reconnect the accounts.",
  },
  status_undeclared: {
    fr: "Relais ne peut pas lire l’état de publication chez Google. Regardez-le sous « Audience » et déclarez-le dans les réglages : en test, les accès expirent au bout de sept jours.",
    en: "Relais cannot read the publishing status at Google. Look it up under “Audience” and declare it in the settings: in testing, access ends after seven days.",
  },
  test_users_needless: {
    fr: "Hors de l’état de test, Google ne demande pas d’utilisateurs tests.",
    en: "Outside testing, Google asks for no test users.",
  },
  test_users_connected: {
    fr: "Tous les comptes des serveurs actifs ont déjà été connectés.",
    en: "The accounts of all active mail servers have been connected already.",
  },
  test_users_unproven: {
    fr: "Relais ne peut pas lire cette liste chez Google. En état de test, chaque adresse à connecter doit y figurer, sinon Google répond « 403 : access_denied ». Pas encore connectées : {usernames}.",
    en: "Relais cannot read this list at Google. In testing, every address to be connected must be on it, otherwise Google answers “403: access_denied”. Not connected yet: {usernames}.",
  },
  test_users_unseen: {
    fr: "Relais ne peut pas lire cette liste chez Google. En état de test, chaque adresse à connecter doit y figurer, sinon Google répond « 403 : access_denied ».",
    en: "Relais cannot read this list at Google. In testing, every address to be connected must be on it, otherwise Google answers “403: access_denied”.",
  },
  gmail_api_proven: {
    fr: "Relais a déjà lu des données d’un compte par l’API Gmail.",
    en: "Relais has read an account’s data through the Gmail API.",
  },
  gmail_api_unproven: {
    fr: "Relais ne l’a pas encore constaté. Le transport « gmail_api » et la lecture des adresses d’envoi en ont besoin : activez l’API Gmail dans le projet du client. L’envoi par SMTP s’en passe.",
    en: "Relais has not seen this yet. The transport “gmail_api” and reading send-as addresses need it: enable the Gmail API in the client’s project. Sending by SMTP does without it.",
  },
  no_module: {
    fr: "Rien à mettre à jour à part : ce qui parle à Gmail fait partie de Relais.",
    en: "Nothing to update apart: what talks to Gmail is part of Relais.",
  },
  operators_named: { fr: "Peuvent tout régler : {operators}.", en: "May set everything up: {operators}." },
  operators_missing: {
    fr: "Personne ne peut se connecter avec Google comme opérateur. Ajoutez votre adresse dans les réglages, ou dans RELAIS_OPERATORS.",
    en: "Nobody can sign in with Google as an operator. Add your address in the settings, or in RELAIS_OPERATORS.",
  },
  setup_token_over: {
    fr: "Un opérateur s’est connecté avec Google : en production, le jeton d’installation ne sert plus.",
    en: "An operator has signed in with Google: in production the setup token is dead.",
  },
  setup_token_alive: {
    fr: "Aucun opérateur ne s’est encore connecté avec Google : qui possède le jeton d’installation peut tout. Connectez-vous une fois avec Google ; en production, le jeton s’éteint alors.",
    en: "No operator has signed in with Google yet: whoever holds the setup token can do everything. Sign in with Google once; in production the token then dies.",
  },
  operators_fixed: {
    fr: "Fixés par RELAIS_OPERATORS : {operators}. Ils gardent l’accès, quoi que l’on change ici.",
    en: "Fixed by RELAIS_OPERATORS: {operators}. They keep their access whatever is changed here.",
  },
  operators_not_fixed: {
    fr: "RELAIS_OPERATORS est vide : une erreur dans les réglages pourrait vous fermer la porte. Mettez-y au moins une adresse.",
    en: "RELAIS_OPERATORS is empty: a mistake in the settings could lock you out. Put at least one address there.",
  },
  server_ready: { fr: "{count} serveurs de messagerie peuvent envoyer.", en: "{count} mail servers can send." },
  server_ready_one: { fr: "Un serveur de messagerie peut envoyer.", en: "One mail server can send." },
  server_missing: {
    fr: "Créez un serveur de messagerie avec votre adresse Gmail comme nom d’utilisateur, puis connectez son compte.",
    en: "Create a mail server with your Gmail address as its username, then connect its account.",
  },
  server_none_ready: {
    fr: "Aucun serveur actif n’est connecté à un compte Gmail en état d’envoyer. Ouvrez un serveur et cliquez sur « Connecter votre compte Gmail ».",
    en: "No active mail server is connected to a Gmail account that can send. Open a mail server and click “Connect your Gmail account”.",
  },
  reconnect_none: { fr: "Aucun compte n’est à reconnecter.", en: "No account needs to be reconnected." },
  reconnect_some: {
    fr: "Leurs messages attendent : ouvrez {servers}, lisez-y la cause et reconnectez le compte.",
    en: "Their mail is waiting: open {servers}, read the cause there and reconnect the account.",
  },
  session_length_none: {
    fr: "Aucun accès n’a pris fin à cause d’une durée de session.",
    en: "No access has ended because of a session length.",
  },
  session_length_some: {
    fr: "L’organisation limite la durée des sessions : l’accès de {servers} prend fin toutes les 16 à 24 heures environ. Demandez à l’administrateur Google Workspace d’exempter Relais (console d’administration › Sécurité › Contrôle des sessions Google Cloud › Exempter les applications de confiance).",
    en: "The organization limits how long sessions last: the access of {servers} ends about every 16 to 24 hours. Ask the Google Workspace administrator to exempt Relais (Admin console › Security › Google Cloud session control › Exempt trusted apps).",
  },
  former_client_none: {
    fr: "Tous les comptes connectés l’ont été par le client actuel.",
    en: "All connected accounts were connected through the present client.",
  },
  former_client_some: {
    fr: "Un accès n’appartient qu’au client par lequel il a été donné : reconnectez {servers}, ou enregistrez à nouveau l’ancien client.",
    en: "Access belongs to the client it was given to: reconnect {servers}, or save the former client again.",
  },
  expiring_none: {
    fr: "Relais ne prévoit la fin d’aucun accès. Un changement de mot de passe ou un retrait de l’accès ne se prévoit pas.",
    en: "Relais foresees no end of any access. A change of password or a removal of the access cannot be foreseen.",
  },
  expiring_some: {
    fr: "Reconnectez avant l’échéance : {servers}.",
    en: "Reconnect before the time is up: {servers}.",
  },
  send_as_known: {
    fr: "Aucun serveur connecté n’envoie d’une autre adresse que Relais ne puisse vérifier.",
    en: "No connected mail server sends from another address that Relais cannot check.",
  },
  send_as_unknown: {
    fr: "Pour {servers}, Relais ne peut pas vérifier les autres adresses d’expéditeur : Gmail remplace sans le dire une adresse qui n’est pas validée (Gmail › Paramètres › Comptes › « Envoyer des e-mails en tant que »). Vérifiez-les vous-même.",
    en: "For {servers} Relais cannot check the other sender addresses: Gmail silently replaces one that is not verified (Gmail › Settings › Accounts › “Send mail as”). Check them yourself.",
  },
  sending: { fr: "Les envois ne sont pas suspendus.", en: "Sending is not paused." },
  sending_paused: {
    fr: "Tous les envois sont suspendus : levez la pause dans les réglages pour que les messages partent.",
    en: "All sending is paused: lift the pause in the settings to let mail leave.",
  },
  security_events_received: {
    fr: "Google envoie ses alertes à Relais ; la dernière est arrivée le {at} (UTC). Un accès retiré est constaté aussitôt.",
    en: "Google sends its alerts to Relais; the last one came at {at}. A revoked access is noticed at once.",
  },
  security_events_unknown: {
    fr: "Relais n’a encore reçu aucune alerte de Google (protection multicompte, RISC). Sans elles, un accès retiré n’est constaté qu’à la vérification suivante ou au premier envoi refusé. Inscrivez Relais par « npm run risc -- register », puis demandez une alerte d’essai par « npm run risc -- verify ».",
    en: "Relais has received no alert from Google yet (Cross-Account Protection, RISC). Without them, a revoked access is noticed only at the next check or the first refused mail. Register Relais by “npm run risc -- register”, then ask for a trial event by “npm run risc -- verify”.",
  },
  alerts_none: {
    fr: "Personne n’est prévenu par e-mail quand un accès prend fin ou que Google refuse le client. Choisissez dans les réglages le serveur qui portera ces avis, de préférence celui d’un autre compte, et à qui.",
    en: "Nobody is told by mail when an access ends or Google refuses the client. Choose in the settings which mail server carries such mail, preferably one of another account, and to whom.",
  },
  alerts_ready: {
    fr: "« {server} » prévient {to}. Un avis qui concerne ce serveur ou son compte ne part jamais par lui.",
    en: "“{server}” tells {to}. Mail about this server or its account never goes through it.",
  },
  alerts_unable: {
    fr: "« {server} », choisi pour prévenir {to}, ne peut pas envoyer : connectez-le, ou choisissez-en un autre dans les réglages.",
    en: "“{server}”, chosen to tell {to}, cannot send: connect it, or choose another in the settings.",
  },
};
