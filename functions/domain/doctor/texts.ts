import type { InEveryLanguage } from "../language.ts";

/** What a check is about, once it has passed. */
export const TITLES = {
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
  operators_fixed: { fr: "Opérateur défini dans la configuration", en: "Operator set in the configuration" },
  mail_server: { fr: "Un serveur de messagerie peut envoyer", en: "A mail server can send" },
  reconnect: { fr: "Comptes à reconnecter", en: "Accounts to reconnect" },
  former_client: {
    fr: "Comptes connectés avec un ancien client Google",
    en: "Accounts connected with a previous Google client",
  },
  session_length: { fr: "Durée de session de l’organisation", en: "The organization’s session length" },
  expiring: { fr: "Accès sur le point d’expirer", en: "Access about to expire" },
  token_home: { fr: "Jetons à leur place", en: "Tokens where they belong" },
  send_as: { fr: "Adresses d’expéditeur vérifiables", en: "Sender addresses that can be checked" },
  paused: { fr: "Envois actifs", en: "Sending active" },
  security_events: { fr: "Alertes de sécurité de Google", en: "Google security alerts" },
  alerts: { fr: "Alertes par e-mail aux opérateurs", en: "Email alerts to operators" },
} as const satisfies Readonly<Record<string, InEveryLanguage>>;

export type CheckId = keyof typeof TITLES;

/** What to do while a check has not passed. */
export const TO_DO: Readonly<Record<CheckId, InEveryLanguage>> = {
  gmail_credentials: { fr: "Fournir à Relais un client Google valable", en: "Give Relais a working Google client" },
  client_type: { fr: "Vérifier le type du client Google", en: "Check the type of the Google client" },
  redirect_uri: { fr: "Vérifier l’URI de redirection chez Google", en: "Check the redirect URI at Google" },
  public_url: { fr: "Donner à Relais une adresse en https", en: "Give Relais an https address" },
  publishing_status: { fr: "Revoir l’état de publication chez Google", en: "Review the publishing status at Google" },
  test_users: { fr: "Ajouter les utilisateurs tests chez Google", en: "Add the test users at Google" },
  gmail_api: { fr: "Activer l’API Gmail dans le projet Google", en: "Enable the Gmail API in the Google project" },
  relais_version: { fr: "Mettre à jour le module Gmail", en: "Update the Gmail module" },
  operators: { fr: "Nommer un opérateur", en: "Name an operator" },
  setup_token: { fr: "Se connecter une fois avec Google", en: "Sign in with Google once" },
  operators_fixed: {
    fr: "Définir un opérateur dans la configuration",
    en: "Set an operator in the configuration",
  },
  mail_server: {
    fr: "Créer un serveur de messagerie et connecter son compte",
    en: "Create a mail server and connect its account",
  },
  reconnect: { fr: "Reconnecter les comptes", en: "Reconnect the accounts" },
  former_client: {
    fr: "Reconnecter les comptes de l’ancien client Google",
    en: "Reconnect the accounts of the previous Google client",
  },
  session_length: {
    fr: "Revoir la durée de session de l’organisation",
    en: "Review the organization’s session length",
  },
  expiring: { fr: "Renouveler les accès sur le point d’expirer", en: "Renew access that is about to expire" },
  token_home: { fr: "Attendre que les jetons soient à leur place", en: "Wait until the tokens are where they belong" },
  send_as: { fr: "Vérifier les adresses d’expéditeur", en: "Verify the sender addresses" },
  paused: { fr: "Reprendre les envois", en: "Resume sending" },
  security_events: { fr: "Activer les alertes de sécurité de Google", en: "Turn on Google security alerts" },
  alerts: { fr: "Choisir qui reçoit les alertes par e-mail", en: "Choose who gets email alerts" },
};

export const isCheckId = (id: string): id is CheckId => Object.hasOwn(TITLES, id);

/** What was found, and what to do next. The check fills in `{values}`. */
export const ADVICE = {
  credentials_saved: {
    fr: "Relais s’identifie auprès de Google avec l’ID client {clientId}.",
    en: "Relais identifies itself to Google as client ID {clientId}.",
  },
  credentials_rejected: {
    fr: "Google refuse l’ID client {clientId} ({error}) : aucun accès ne peut être prolongé et les messages attendent. Vérifiez dans Google Cloud que ce client existe encore et que son code secret est celui enregistré dans Relais ; sinon, importez de nouveau son fichier JSON dans les réglages.",
    en: "Google rejects client ID {clientId} ({error}): no access can be renewed and messages are waiting. Check in Google Cloud that this client still exists and that its secret is the one saved in Relais; if not, upload its JSON file again in the settings.",
  },
  credentials_missing: {
    fr: "Dans Google Cloud, créez un ID client OAuth de type « Application Web » avec l’URI de redirection {redirectUri}, téléchargez son fichier JSON, puis importez-le dans Relais, sous « Installation ».",
    en: "In Google Cloud, create an OAuth client ID of type “Web application” with the redirect URI {redirectUri}, download its JSON file, then upload it to Relais under “Setup”.",
  },
  client_proven: {
    fr: "Un compte a été connecté avec ce client : son type et son URI de redirection sont corrects.",
    en: "An account was connected with this client: its type and redirect URI are correct.",
  },
  client_type_unproven: {
    fr: "Relais ne peut le vérifier qu’une fois un premier compte connecté. Le type doit être « Application Web » : avec « Application de bureau », Google affiche une erreur d’autorisation. En cas de doute, importez le fichier JSON téléchargé chez Google : Relais le vérifiera.",
    en: "Relais can only verify this once a first account is connected. The type must be “Web application”: with “Desktop app”, Google shows an authorization error. If in doubt, upload the JSON file downloaded from Google: Relais will check it.",
  },
  redirect_uri_unproven: {
    fr: "Relais ne peut le vérifier qu’une fois un premier compte connecté. L’URI {redirectUri} doit figurer tel quel sous « URI de redirection autorisés » : même protocole, même hôte, même port, sans barre oblique finale. Sinon, Google affiche « redirect_uri_mismatch ».",
    en: "Relais can only verify this once a first account is connected. “Authorized redirect URIs” must contain exactly {redirectUri}: same scheme, host and port, no trailing slash. Otherwise, Google shows “redirect_uri_mismatch”.",
  },
  public_url_https: { fr: "{publicUrl} est en https.", en: "{publicUrl} uses https." },
  public_url_local: {
    fr: "{publicUrl} : Google n’accepte http que sur cette machine. Pour d’autres utilisateurs, déployez Relais à une adresse https.",
    en: "{publicUrl}: Google accepts http on this machine only. For other people to use it, deploy Relais at an https address.",
  },
  public_url_http: {
    fr: "{publicUrl} n’est pas en https : Google refuse un tel URI de redirection. Indiquez une adresse https dans RELAIS_PUBLIC_URL.",
    en: "{publicUrl} does not use https: Google rejects such a redirect URI. Set RELAIS_PUBLIC_URL to an https address.",
  },
  status_internal: {
    fr: "Déclaré « Interne » : ni avertissement, ni validation par Google, ni expiration au bout de sept jours ; seules les adresses de l’organisation peuvent se connecter.",
    en: "Declared “Internal”: no warning, no review by Google, no expiry after seven days; only addresses in the organization can connect.",
  },
  status_production: {
    fr: "Déclaré « En production » : les accès n’expirent pas au bout de sept jours. Tant que Google n’a pas validé l’application, il affiche un avertissement (Paramètres avancés › Accéder) et limite à 100 le nombre d’utilisateurs. Repasser en test supprimerait l’avertissement, mais obligerait à reconnecter chaque compte toutes les semaines.",
    en: "Declared “In production”: access does not expire after seven days. Until Google has verified the app, it shows a warning (Advanced › Go to) and allows at most 100 users. Switching back to testing would remove the warning, but every account would have to be reconnected each week.",
  },
  status_testing: {
    fr: "Déclaré « En test » : avec un type d’utilisateur externe, chaque accès expire au bout de sept jours et les comptes doivent être reconnectés toutes les semaines. Passez l’application « En production » (un avertissement s’affichera à la connexion) ou, avec Google Workspace, choisissez le type « Interne », puis reconnectez les comptes.",
    en: "Declared “Testing”: with user type external, every access expires after seven days and accounts must be reconnected each week. Publish the app “In production” (a warning is shown when connecting) or, with Google Workspace, choose user type “Internal”, then reconnect the accounts.",
  },
  status_undeclared: {
    fr: "Relais ne peut pas lire l’état de publication chez Google. Consultez-le sous « Audience » et déclarez-le dans les réglages : en test, les accès expirent au bout de sept jours.",
    en: "Relais cannot read the publishing status from Google. Look it up under “Audience” and declare it in the settings: in testing, access expires after seven days.",
  },
  test_users_needless: {
    fr: "En dehors de l’état de test, Google ne demande pas d’utilisateurs tests.",
    en: "Test users are only needed while the app is in testing.",
  },
  test_users_connected: {
    fr: "Les comptes de tous les serveurs actifs ont déjà été connectés.",
    en: "The accounts of all active mail servers have already been connected.",
  },
  test_users_unproven: {
    fr: "Relais ne peut pas lire cette liste chez Google. Tant que l’application est en test, chaque adresse à connecter doit y figurer, sinon Google répond « 403 : access_denied ». Pas encore connectées : {usernames}.",
    en: "Relais cannot read this list from Google. While the app is in testing, every address to connect must be on it; otherwise, Google answers “403: access_denied”. Not connected yet: {usernames}.",
  },
  test_users_unseen: {
    fr: "Relais ne peut pas lire cette liste chez Google. Tant que l’application est en test, chaque adresse à connecter doit y figurer, sinon Google répond « 403 : access_denied ».",
    en: "Relais cannot read this list from Google. While the app is in testing, every address to connect must be on it; otherwise, Google answers “403: access_denied”.",
  },
  gmail_api_proven: {
    fr: "Relais a déjà utilisé l’API Gmail avec un des comptes.",
    en: "Relais has already used the Gmail API with one of the accounts.",
  },
  gmail_api_unproven: {
    fr: "Relais n’a pas encore pu le vérifier. L’API Gmail est nécessaire au mode d’envoi « API Gmail » et à la lecture des adresses d’expédition : activez-la dans le projet du client. L’envoi par SMTP n’en a pas besoin.",
    en: "Relais has not been able to verify this yet. The Gmail API is needed for the transport “Gmail API” and to read send-as addresses: enable it in the client’s project. Sending by SMTP works without it.",
  },
  no_module: {
    fr: "Rien à mettre à jour séparément : la liaison avec Gmail fait partie de Relais.",
    en: "Nothing to update separately: the Gmail integration is part of Relais.",
  },
  operators_named: { fr: "Ont tous les droits : {operators}.", en: "Have full access: {operators}." },
  operators_missing: {
    fr: "Aucun opérateur ne peut se connecter avec Google. Ajoutez votre adresse dans les réglages, ou dans RELAIS_OPERATORS.",
    en: "No operator can sign in with Google. Add your address in the settings, or to RELAIS_OPERATORS.",
  },
  setup_token_over: {
    fr: "Un opérateur s’est connecté avec Google : en production, le jeton d’installation n’est plus valable.",
    en: "An operator has signed in with Google: in production, the setup token no longer works.",
  },
  setup_token_alive: {
    fr: "Aucun opérateur ne s’est encore connecté avec Google : toute personne qui possède le jeton d’installation a tous les droits. Connectez-vous une fois avec Google ; en production, le jeton cesse alors d’être valable.",
    en: "No operator has signed in with Google yet: anyone who has the setup token has full access. Sign in with Google once; in production, the token then stops working.",
  },
  operators_fixed: {
    fr: "Définis dans RELAIS_OPERATORS : {operators}. Ils gardent leur accès, quels que soient les réglages.",
    en: "Set in RELAIS_OPERATORS: {operators}. They keep their access whatever the settings say.",
  },
  operators_not_fixed: {
    fr: "RELAIS_OPERATORS est vide : une erreur dans les réglages pourrait vous en bloquer l’accès. Indiquez-y au moins une adresse.",
    en: "RELAIS_OPERATORS is empty: a mistake in the settings could lock you out. Add at least one address to it.",
  },
  server_ready: { fr: "{count} serveurs de messagerie peuvent envoyer.", en: "{count} mail servers can send." },
  server_ready_one: { fr: "Un serveur de messagerie peut envoyer.", en: "One mail server can send." },
  server_missing: {
    fr: "Créez un serveur de messagerie avec votre adresse Gmail comme nom d’utilisateur, puis connectez son compte.",
    en: "Create a mail server with your Gmail address as its username, then connect its account.",
  },
  server_none_ready: {
    fr: "Aucun serveur actif n’est connecté à un compte Gmail qui puisse envoyer. Ouvrez un serveur et cliquez sur « Connecter votre compte Gmail ».",
    en: "No active mail server is connected to a Gmail account that can send. Open a mail server and click “Connect your Gmail account”.",
  },
  reconnect_none: { fr: "Aucun compte à reconnecter.", en: "No accounts need to be reconnected." },
  reconnect_some: {
    fr: "Leurs messages attendent : ouvrez {servers} pour en connaître la cause, puis reconnectez le compte.",
    en: "Their messages are waiting: open {servers} to see why, then reconnect the account.",
  },
  session_length_none: {
    fr: "Aucun accès n’a expiré à cause d’une durée de session.",
    en: "No access has expired because of a session length.",
  },
  session_length_some: {
    fr: "L’organisation limite la durée des sessions : l’accès de {servers} expire toutes les 16 à 24 heures environ. Demandez à l’administrateur Google Workspace d’exempter Relais (console d’administration › Sécurité › Contrôle des sessions Google Cloud › Exempter les applications de confiance).",
    en: "The organization limits session length: the access of {servers} expires about every 16 to 24 hours. Ask the Google Workspace administrator to exempt Relais (Admin console › Security › Google Cloud session control › Exempt trusted apps).",
  },
  former_client_none: {
    fr: "Tous les comptes connectés l’ont été avec le client actuel.",
    en: "All connected accounts use the current client.",
  },
  former_client_some: {
    fr: "Un accès n’est valable que pour le client auquel il a été accordé : reconnectez {servers}, ou enregistrez de nouveau l’ancien client.",
    en: "Access only works with the client it was granted to: reconnect {servers}, or save the previous client again.",
  },
  expiring_none: {
    fr: "Aucune expiration prévue. Un changement de mot de passe ou un retrait de l’accès ne peut pas être prévu.",
    en: "No access is expected to expire. A password change or the removal of access cannot be predicted.",
  },
  expiring_some: {
    fr: "Reconnectez avant l’échéance : {servers}.",
    en: "Reconnect before it expires: {servers}.",
  },
  tokens_at_home: {
    fr: "Chaque jeton est conservé là où la configuration le veut, sous la clé actuelle.",
    en: "Each token is kept where the configuration wants it, under the current key.",
  },
  tokens_elsewhere: {
    fr: "Les jetons de ces serveurs sont encore à leur ancienne place, ou sous une ancienne clé, et y fonctionnent : {servers}. Relais les déplace de lui-même ; d’ici là, gardez l’ancienne clé. Si cela dure plus d’un jour, cherchez « refresh_token_not_moved » dans le journal.",
    en: "The tokens of these servers are still in their former place, or under a former key, and work there: {servers}. Relais moves them by itself; until then, keep the former key. If this lasts for more than a day, look for “refresh_token_not_moved” in the log.",
  },
  send_as_known: {
    fr: "Aucun serveur connecté n’utilise d’adresse d’expéditeur que Relais ne puisse vérifier.",
    en: "No connected mail server uses a sender address that Relais cannot check.",
  },
  send_as_unknown: {
    fr: "Pour {servers}, Relais ne peut pas vérifier les autres adresses d’expéditeur : Gmail remplace sans prévenir une adresse qui n’est pas validée (Gmail › Paramètres › Comptes › « Envoyer des e-mails en tant que »). Vérifiez-les vous-même.",
    en: "For {servers}, Relais cannot check the other sender addresses: Gmail silently replaces one that is not verified (Gmail › Settings › Accounts › “Send mail as”). Check them yourself.",
  },
  sending: { fr: "Les envois ne sont pas suspendus.", en: "Sending is not paused." },
  sending_paused: {
    fr: "Tous les envois sont suspendus : reprenez-les dans les réglages pour que les messages partent.",
    en: "All sending is paused: resume it in the settings for messages to be sent.",
  },
  security_events_received: {
    fr: "Google envoie ses alertes à Relais ; la dernière est arrivée le {at} (UTC). Un accès retiré est détecté aussitôt.",
    en: "Google sends its alerts to Relais; the last one arrived at {at}. Revoked access is noticed at once.",
  },
  security_events_unknown: {
    fr: "Relais n’a encore reçu aucune alerte de sécurité de Google. Sans elles, un accès retiré n’est détecté qu’à la vérification suivante ou au premier envoi refusé. Demandez à la personne qui a déployé Relais de les activer : le guide de déploiement explique comment (infra/README.md).",
    en: "Relais has not received any security alert from Google yet. Without them, revoked access is only noticed at the next check or when a message is refused. Ask whoever deployed Relais to turn them on; the deployment guide explains how (infra/README.md).",
  },
  alerts_none: {
    fr: "Personne n’est prévenu par e-mail quand un accès expire ou que Google refuse le client. Dans les réglages, choisissez le serveur qui enverra ces alertes, de préférence celui d’un autre compte, et leurs destinataires.",
    en: "Nobody is notified by email when access expires or Google rejects the client. In the settings, choose which mail server sends these alerts, preferably one with a different account, and who receives them.",
  },
  alerts_ready: {
    fr: "« {server} » envoie les alertes à {to}. Une alerte qui concerne ce serveur ou son compte n’est jamais envoyée par lui.",
    en: "“{server}” sends alerts to {to}. An alert about this mail server or its account is never sent through it.",
  },
  alerts_unable: {
    fr: "« {server} », choisi pour envoyer les alertes à {to}, ne peut pas envoyer : connectez-le, ou choisissez-en un autre dans les réglages.",
    en: "“{server}”, chosen to send alerts to {to}, cannot send: connect it, or choose another one in the settings.",
  },
} as const satisfies Readonly<Record<string, InEveryLanguage>>;

/** The result that a check found, which selects its advice. */
export type Situation = keyof typeof ADVICE;
