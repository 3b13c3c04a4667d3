import type { LogCode } from "../domain/log.ts";

/**
 * What every code in the log means and what to do. The check fails if nothing logs one. `info`: what happened to
 * a message or a connection. `warn`: Relais deals with it, or someone outside must; many of them deserve a look.
 * `error`: whoever runs Relais should look.
 */
export interface LogEvent {
  readonly means: string;
  readonly act: string;
}

const NOTHING = "Nothing to do.";
const ONE_LINE_IS_FINE =
  "One now and then is fine. If there are many, check the service behind it (Firestore, Secret Manager, Pub/Sub).";

export const LOG_EVENTS: Readonly<Record<LogCode, LogEvent>> = {
  // --- requests and pushes ---
  request_failed: {
    means: "A request failed because of a problem of ours or of Google's (an expected 5xx).",
    act: "Look at `problem`; the caller was given its advice.",
  },
  request_defect: {
    means: "An unexpected error was thrown; the caller got a generic 500.",
    act: "This is a bug: report it with `error` and the request id.",
  },
  dependency_unavailable: {
    means:
      "The store, vault or queue could not be reached; the caller was asked to try again, or the push is repeated.",
    act: ONE_LINE_IS_FINE,
  },
  write_contended: {
    means: "Others kept writing to one record; the caller was asked to try again, or the push is repeated.",
    act: "One now and then is fine. If there are many, find out which program keeps changing the same record (`act`).",
  },
  push_malformed: {
    means: "A push was not a message of Relais; it was acknowledged, because it can never succeed.",
    act: "Find out who publishes to the topic or pushes to the function.",
  },
  push_refused: {
    means:
      "A push came with a token for another function (`audience`), of another account (`account`), or with an unreadable one (`token`); it was answered 403.",
    act: "Check who may invoke the function, and which account and audience its subscription uses.",
  },
  push_defect: {
    means: "An unexpected error was thrown; the message is delivered again and finally becomes a dead letter.",
    act: "This is a bug: report it with `error`. Once it is fixed, replay the dead letters.",
  },
  announce_failed: {
    means:
      "An event for `mail-events` could not be published, or not written into the document that its message came from; it is stored, and a tick of `dispatch-due` does what is left.",
    act: ONE_LINE_IS_FINE,
  },
  event_lost: {
    means: "An event for `mail-events` could be neither published nor stored; the record itself is correct.",
    act: "Programs that rely on the event must read the record through the API.",
  },
  notice_not_told: {
    means:
      "A notice about a mail server could not be delivered (log, event, mail to the operators); it is stored, and a tick of `dispatch-due` delivers it.",
    act: ONE_LINE_IS_FINE,
  },
  notices_told: {
    means: "Notices and events were delivered that a crash or an unavailable topic had left over.",
    act: NOTHING,
  },

  credential_refused: {
    means:
      "A setup token, API key or ID token was not valid (`credential`): `count` requests since the last such line. `key` is the id of the API key, if one was used.",
    act: "One now and then is a typing error, or a program with a revoked key (`key`). If there are many, someone is guessing; answers get slower automatically. The request log has their addresses.",
  },

  // --- connections ---
  connection_connected: { means: "An account was connected and its grant was verified.", act: NOTHING },
  connection_disconnected: { means: "A person disconnected an account; its token was destroyed.", act: NOTHING },
  connection_expiring: {
    means: "A grant is about to expire.",
    act: "Connect the account again before then; `reason` says why it expires.",
  },
  checks_not_hastened: {
    means:
      "After a change of the client or its publishing status, not every account could be scheduled for an immediate check.",
    act: "They are checked within a day; changing the publishing status back and forth checks them now.",
  },
  cap_not_looked_at: {
    means:
      "After a consent, Relais could not check whether the account is close to Google's limit of 100 grants; the next consent checks again.",
    act: ONE_LINE_IS_FINE,
  },
  connection_error: {
    means: "The grant is valid, but mail cannot be sent with it (`reason`).",
    act: "Open the server in the console, which says what to fix. Its mail is held.",
  },
  connection_reconnect_required: {
    means: "Google has permanently refused the grant; the server's mail is held.",
    act: "Connect the account again; `reason` is the most likely cause, and the other fields are the evidence.",
  },
  alert_accepted: {
    means: "A mail to the operators was accepted for sending through the server chosen for alerts.",
    act: NOTHING,
  },
  alert_not_sent: {
    means: "The operators could not be told by mail what happened (`alert`, `server`); `why` says why not.",
    act: "Look at the server itself. `same_server`, `same_account`: choose another server for alerts in the settings. `cannot_send`, `server_gone`: connect the server for alerts.",
  },
  authorization_failed: {
    means: "A consent or sign-in failed; the person saw a page that says why (`problem`).",
    act: "Nothing, unless people report it.",
  },
  security_event: {
    means: "Google reported a security event for an account (`type`); Relais did what it requires.",
    act: NOTHING,
  },
  sessions_ended: {
    means: "The sessions of a person were ended (`count`), by a security event of Google's or by an operator (`by`).",
    act: "After a security event, ask the person whether they have regained control of their Google account.",
  },
  security_event_refused: {
    means:
      "A request claimed to be a security event, but is not one of Google's for this client (`detail`); it was answered 400.",
    act: "If there are many, compare the client ID in the settings with the project that is registered for security events.",
  },
  secret_left_to_sweep: {
    means: "A replaced refresh token could not be destroyed here; the next sweep does it.",
    act: "Nothing if it comes from `deliver-mail`, which may not destroy secrets. Otherwise, check Secret Manager.",
  },
  secrets_swept: { means: "Secrets that a crash had left in the vault were destroyed.", act: NOTHING },
  refresh_tokens_moving: {
    means:
      "Refresh tokens are being moved to where RELAIS_REFRESH_TOKENS or a new sealing key wants them (`home`): `moved` so far, `left` where they were.",
    act: NOTHING,
  },
  refresh_token_not_moved: {
    means:
      "A server's refresh token stayed where it was (`why`): it works there as before, and is tried again within two hours.",
    act: "If it goes on: for `unavailable`, check Secret Manager and the rights of `refresh-tokens`; for `unreadable`, connect the account again; for `changed` and `contended`, others wrote at the same moment, and only time is needed.",
  },
  refresh_tokens_at_home: {
    means:
      "Every refresh token is where it should be (`home`: `secrets`, or `sealed.` with the number of the key), found by a walk that began after a change had settled.",
    act: "After a rotation of the sealing key: older versions may be disabled a day later.",
  },
  grant_not_revoked: {
    means:
      "A mail server was disconnected, and its token destroyed, but Google did not end the access (`answer`): it could not be reached, or it refused the request.",
    act: "Remove Relais from the account's apps at myaccount.google.com/connections. If it is `refused`, check GOOGLE_REVOCATION_ENDPOINT.",
  },
  grant_discarded: { means: "A consent returned a grant that does not match; it was not stored.", act: NOTHING },
  signed_in: { means: "A person signed in with Google.", act: NOTHING },
  identity_unproven: {
    means: "Google's ID token did not prove the account's identity.",
    act: "Check GOOGLE_ISSUER, GOOGLE_JWKS_URI and the machine's clock.",
  },
  account_renamed: {
    means: "An account was renamed at Google; its mail server still uses the former address as its username.",
    act: "Set the server's username to the new address, which its page shows. No new consent is needed.",
  },
  rename_not_noted: {
    means:
      "A person signed in, but their mail servers could not be checked for a changed address; the next check does that.",
    act: NOTHING,
  },
  token_of_another_account: {
    means: "Google answered a refresh with another account's token. It is not used, and the server's mail is held.",
    act: "Connect the account again; if it happens again, ask Google's support.",
  },
  oauth_client_rejected: {
    means: "Google refuses the OAuth client itself, so no account can be connected or refreshed.",
    act: "Compare client ID, secret and redirect URI in the settings with Google Cloud.",
  },
  oauth_client_changed: {
    means: "A grant belongs to a different client than the one in the settings, or to none, so it cannot be refreshed.",
    act: "Connect the account again, or save the former client again. The setup checks name the servers.",
  },
  check_awaits_client: {
    means: "A grant could not be refreshed because Google refuses the OAuth client, which has been reported already.",
    act: NOTHING,
  },
  google_unreachable: {
    means:
      "Google's OAuth endpoints did not answer, or their answer says nothing about the grant (`reason`); Relais tries again.",
    act: "If it lasts, check Google's status page.",
  },
  send_as_unread: {
    means: "The account's send-as addresses could not be read; until they are, aliases in From are refused.",
    act: "Relais tries again daily. If `why` is `forbidden`, connect again with every scope allowed; otherwise, enable the Gmail API.",
  },
  checks_due: { means: "`count` servers were due for a check of their grant.", act: NOTHING },
  given_up_grants_asked: {
    means: "An earlier release gave up `count` grants for unclear reasons; Relais asks Google about them again.",
    act: NOTHING,
  },
  grant_judged: {
    means:
      "Whether Relais knew in time if a grant is alive (`proof`: `in_time`, or `late` after 30 hours without an answer), once for each grant and day.",
    act: NOTHING,
  },
  server_checked: { means: "One server's grant was checked.", act: NOTHING },

  // --- messages ---
  message_accepted: { means: "A message was accepted and stored (`status`).", act: NOTHING },
  message_moved: {
    means:
      "A message was sent, deferred, held, refused or given up (`to`), so long after it could first be sent (`waitedMs`). `problem` is that of the last attempt; `held`: it was held at some time.",
    act: NOTHING,
  },
  messages_due: {
    means:
      "A tick, or a part of one, found `count` messages of this `status` that were due; the one that was due longest, for `oldestMs`.",
    act: "Nothing if the numbers fall from tick to tick. If they grow, more is accepted than the functions or Gmail's limits allow.",
  },
  messages_dispatched: { means: "`count` due messages were published again.", act: NOTHING },
  shards_added: {
    means: "`count` records of an earlier release were made known to the queries of this one.",
    act: NOTHING,
  },
  messages_released: { means: "`count` held messages were released.", act: NOTHING },
  release_put_off: {
    means: "Held messages could not be released at once.",
    act: "The next tick of `dispatch-due` does it. If it lasts, look at `error`.",
  },
  dispatch_not_published: {
    means: "After an account was connected, its held messages could not be released at once.",
    act: "The next tick of `dispatch-due` does it. If it lasts, look at `error`.",
  },
  message_publish_failed: {
    means: "A message is stored, but its id could not be published.",
    act: "`dispatch-due` publishes it within two minutes. If it lasts, look at `error`.",
  },
  batch_item_unavailable: {
    means: "One message of a batch could not be stored; its item says so.",
    act: ONE_LINE_IS_FINE,
  },
  topic_message_refused: {
    means: "A message published on `mail-send` can never be sent; it is recorded as failed.",
    act: "Tell the publisher: the record's problem says what is wrong.",
  },
  dispatch_defect: {
    means:
      "An unexpected error was thrown for one message or one server's queue. The others went on, and the next tick tries again.",
    act: "This is a bug: report it with `error`. The message waits until it is fixed.",
  },
  dispatch_put_off: {
    means: "The store could not be reached for one message or one server's queue; the next tick tries again.",
    act: ONE_LINE_IS_FINE,
  },
  later_records_left: {
    means:
      "A query for due records found some that a later release wrote, with a status, state or version that this release does not know (`count` of them; `id` is the first). It left them alone.",
    act: "Nothing to do during a roll-out. After a roll-back, install the later release again; only it can process them.",
  },
  later_record_left: {
    means: "A function was asked to act on a record that a later release wrote, and left it alone.",
    act: "See `later_records_left`.",
  },
  claim_contended: {
    means: "Many workers competed for one server's ledger; the message is tried again.",
    act: NOTHING,
  },
  later_push_left: {
    means: "A message on `mail-send` has an attribute `relais` that a later release gave it; it is delivered again.",
    act: "See `later_records_left`. After a roll-back it ends up among the dead letters.",
  },
  claim_lost: {
    means: "Another worker took over the message before its end was handed to Gmail; nothing was sent here.",
    act: NOTHING,
  },
  lease_lost: {
    means: "A worker came back after its lease had ended; the message's state is the one that the other worker wrote.",
    act: "If there are many, deliveries take longer than the lease; check Gmail's answers and the function's CPU.",
  },
  delivery_client_rejected: {
    means: "A message waits because Google refuses the OAuth client.",
    act: "Check the client ID and secret in the settings.",
  },

  // --- documents of Trigger Email ---
  document_refused: {
    means: "A document cannot become a message; its `delivery.error` says why.",
    act: "Whoever writes the documents corrects it and sets `delivery.state` to RETRY.",
  },
  document_users_missing: {
    means: "Some of the users that a document names have no document or no address; the mail goes to the others.",
    act: "Look at the users collection.",
  },
  document_unwritable: {
    means:
      "Firestore takes no more in a document, so its `delivery` does not say what became of it. Its mail is not concerned: the console shows it.",
    act: "Keep documents well below 1 MiB: put large attachments elsewhere, and send a link.",
  },
  documents_not_configured: {
    means: "A document was written, and RELAIS_DOCUMENTS is not set; the event is sent again for a day.",
    act: "Set RELAIS_DOCUMENTS of `mail-documents` to the collection whose documents are mails, or delete its trigger.",
  },
  document_elsewhere: {
    means: "An event came of a document outside the collection or database that the function takes; it was left alone.",
    act: "Let the trigger and RELAIS_DOCUMENTS name the same collection.",
  },
  document_event_malformed: {
    means: "A call was no event of Firestore; it was acknowledged, because it can never succeed.",
    act: "Find out who calls the function.",
  },
  document_event_defect: {
    means: "An unexpected error was thrown over a document; Eventarc sends the event again for a day.",
    act: "This is a bug: report it with `error`. Once it is fixed, write the document again, or set `delivery.state` to RETRY.",
  },
  // --- the SMTP door (`relais-smtp`) ---
  door_open: { means: "The SMTP door takes mail at `address` and hands it to `relais`.", act: NOTHING },
  door_closed: { means: "The SMTP door was told to stop and has ended in order.", act: NOTHING },
  door_mail_accepted: {
    means: "Relais has stored a mail that came by SMTP, as the message `id`; the client was told 250.",
    act: NOTHING,
  },
  door_mail_refused: {
    means: "A mail that came by SMTP was refused for good (`reply`, `problem`); the client was told why.",
    act: "Tell whoever runs the program that uses the key (`key`): its own log has the reason in words.",
  },
  door_mail_put_off: {
    means: "A mail that came by SMTP could not be handed to Relais (`problem`); the client was asked to repeat it.",
    act: "One now and then is fine. If there are many, look at Relais and at the network between it and the door.",
  },
  door_answer_slow: {
    means: "Relais took long to answer to a mail that came by SMTP (`ms`).",
    act: "If there are many, look at Relais and at the network between it and the door: after a minute, many programs give up and repeat the mail.",
  },
  door_login_refused: {
    means:
      "A login by SMTP failed: the key is wrong or malformed (`wrong`), lacks the permission to send (`may_not_send`), or Relais could not be asked (`out_of_reach`).",
    act: "Check the password in the program at `client`: it must be an API key with the permission to send. If there are many from one address, someone is guessing.",
  },
  door_login_unanswered: {
    means: "An API key could not be checked, because the answer (`status`) was not one of Relais's.",
    act: "Check RELAIS_URL, and what stands between the door and Relais.",
  },
  door_relais_unreachable: {
    means: "Relais did not answer a request of the SMTP door (`request`); the client was asked to try again.",
    act: "Check RELAIS_URL, that Relais runs, and the network; `error` says how it failed.",
  },
  door_connections_full: {
    means:
      "The SMTP door has as many connections as it takes: it refused one, or ended one without a login to make room for the next. At most one line every ten seconds says so.",
    act: "Find the program that opens so many (`client`) and does not log in or keeps them. Let only your own machines reach the door, or start another door beside this one.",
  },
  door_connection_failed: {
    means: "A connection to the SMTP door broke off, in most cases during a TLS handshake (`reason`).",
    act: "If a program cannot connect at all, check that it speaks TLS 1.2 or later, and trusts the certificate.",
  },
  door_defect: {
    means: "An unexpected error was thrown while a login or a mail came by SMTP; the client was asked to try again.",
    act: "This is a bug: report it with `error`.",
  },
  door_certificate_renewed: { means: "The SMTP door has read a new certificate from its files.", act: NOTHING },
  door_certificate_unusable: {
    means: "The files of the certificate have changed and cannot be used; the SMTP door keeps the former one.",
    act: "Look at `error`, and put a certificate and its key there. Nothing needs a restart.",
  },

  // --- `npm start` ---
  document_trigger_failed: {
    means: "The emulator of Firestore did not take the trigger, so no document is taken.",
    act: "Check FIRESTORE_EMULATOR_HOST, and start again.",
  },
  tick_failed: { means: "A local tick failed; the next one follows.", act: "Look at `error`." },
  queue_failed: { means: "The local queue or a delivery from it failed; Relais tries again.", act: "Look at `error`." },
};
