/**
 * Every code that Relais logs: what it means and what to do. The check fails where the code and this table differ.
 * `info`: what happened, for whoever follows a message or a connection. `warn`: Relais deals with it, or somebody outside must; look when
 * they come in numbers. `error`: somebody who runs Relais should look.
 */
export interface LogEvent {
  readonly means: string;
  readonly act: string;
}

const NOTHING = "Nothing to do.";
const ONE_LINE_IS_FINE =
  "One now and then is fine. Many: look at what stands behind (Firestore, Secret Manager, Pub/Sub).";

export const LOG_EVENTS = {
  // --- requests and pushes ---
  request_failed: {
    means: "A request was answered with a problem of ours or of Google's (5xx, expected).",
    act: "Look at `problem`: its advice is what the caller was told.",
  },
  request_defect: {
    means: "Something that was not foreseen was thrown; the caller got a generic 500.",
    act: "A defect: report it with `error` and the request id.",
  },
  dependency_unavailable: {
    means: "The store, vault or queue could not be reached; the caller was asked to come back, the push comes again.",
    act: ONE_LINE_IS_FINE,
  },
  write_contended: {
    means: "Others kept writing to one record; the caller was asked to come back, the push comes again.",
    act: "One now and then is fine. Many: see which program changes the same record all the time (`act`).",
  },
  push_malformed: {
    means: "A push was no message of ours; it was acknowledged, for it can never succeed.",
    act: "See who publishes to the topic, or pushes to the function.",
  },
  push_refused: {
    means:
      "A push came with a token for another function (`audience`), of another account (`account`), or with none that can be read (`token`); 403.",
    act: "See who may invoke the function, and which account and audience its subscription pushes with.",
  },
  push_defect: {
    means:
      "Something that was not foreseen was thrown; the message is delivered again and in the end goes to the dead letters.",
    act: "A defect: report it with `error`; mend it, then replay the dead letters.",
  },
  announce_failed: {
    means: "An event for `mail-events` could not be published; it is kept, and published by a tick of `dispatch-due`.",
    act: ONE_LINE_IS_FINE,
  },
  event_lost: {
    means: "An event for `mail-events` could neither be published nor kept; the record itself is as it should be.",
    act: "Who relies on the event reads the record by the API.",
  },
  notice_not_told: {
    means:
      "News of a mail server could not be told (log, event, mail to the operators); they are kept, and told by a tick of `dispatch-due`.",
    act: ONE_LINE_IS_FINE,
  },
  notices_told: {
    means: "News and events were told that a crash or a silent topic had left untold.",
    act: NOTHING,
  },

  credential_refused: {
    means:
      "A setup token, API key or ID token did not hold (`credential`): `count` requests since the last such line. `key` is the id of a key, where one was shown.",
    act: "One now and then is a typing error, or a program with a revoked key (`key`). Many: somebody guesses; the answers get slower by themselves. Look at the request log for their addresses.",
  },

  // --- connections ---
  connection_connected: { means: "An account was connected and its grant proven.", act: NOTHING },
  connection_disconnected: { means: "A person disconnected an account; its token was destroyed.", act: NOTHING },
  connection_expiring: {
    means: "The end of a grant is known and near.",
    act: "Connect the account again before then; `reason` says why it ends.",
  },
  checks_not_hastened: {
    means:
      "After a change of the client or its publishing status not every account could be made due for its check at once.",
    act: "They are checked within a day; a change back and forth of the publishing status does it now.",
  },
  cap_not_looked_at: {
    means:
      "After a consent it could not be seen whether the account nears Google's cap of 100 grants; the next consent looks again.",
    act: ONE_LINE_IS_FINE,
  },
  connection_error: {
    means: "The grant lives, yet does not let mail out (`reason`).",
    act: "Open the server in the console: it says what to mend. Its mail is held.",
  },
  connection_reconnect_required: {
    means: "Google refuses the grant for good; the server's mail is held.",
    act: "Connect the account again; `reason` is the likeliest cause, the other fields what speaks for it.",
  },
  alert_accepted: {
    means: "A mail to the operators was accepted, through the server that they chose for it.",
    act: NOTHING,
  },
  alert_not_sent: {
    means: "Operators could not be told by mail of what happened (`alert`, `server`), and why not (`why`).",
    act: "Look at the server itself. `same_server`, `same_account`: choose another server for alerts in the settings; `cannot_send`, `server_gone`: it must be connected.",
  },
  authorization_failed: {
    means: "A consent or sign-in did not end well; the person saw a page that says why (`problem`).",
    act: "Nothing, unless people report it.",
  },
  security_event: {
    means: "Google told of a security event of an account (`type`); what it asks for was done.",
    act: NOTHING,
  },
  sessions_ended: {
    means:
      "Sessions of one person were ended (`count`): by a security event of Google's, or because an operator asked (`by`).",
    act: "After a security event, ask the person whether their Google account is their own again.",
  },
  security_event_refused: {
    means: "What came as a security event is not one of Google's for this client (`detail`); it was answered 400.",
    act: "Many: compare the client ID in the settings with the project that is registered for security events.",
  },
  secret_left_to_sweep: {
    means: "A superseded refresh token could not be destroyed here; the next sweep does it.",
    act: "Nothing from `deliver-mail`, which may not destroy. From others: look at Secret Manager.",
  },
  secrets_swept: { means: "What a crash had left in the vault was destroyed.", act: NOTHING },
  grant_discarded: { means: "A consent brought a grant that does not fit; it was not stored.", act: NOTHING },
  signed_in: { means: "A person signed in with Google.", act: NOTHING },
  identity_unproven: {
    means: "Google's ID token did not prove who the account is.",
    act: "Check GOOGLE_ISSUER, GOOGLE_JWKS_URI and the machine's clock.",
  },
  account_renamed: {
    means: "An account was renamed at Google; its mail server still has the former address as its username.",
    act: "Set the server's username to the new address, which its page shows; no new consent is needed.",
  },
  rename_not_noted: {
    means:
      "A person proved an account, but its mail servers could not be looked at for a new address; the next check does that.",
    act: NOTHING,
  },
  token_of_another_account: {
    means: "Google answered a refresh with another account's token; it is not used, and the server's mail is held.",
    act: "Connect the account again; if it comes back, ask Google's support.",
  },
  oauth_client_rejected: {
    means: "Google refuses the OAuth client itself; no account can be connected or refreshed.",
    act: "Check client ID, secret and redirect URI in the settings against Google Cloud.",
  },
  oauth_client_changed: {
    means: "A grant belongs to another client than the one in the settings, or to none; it cannot be refreshed.",
    act: "Connect the account again, or save the former client again: the setup checks name the servers.",
  },
  check_awaits_client: {
    means: "A grant could not be refreshed because Google refuses the OAuth client, which was told already.",
    act: NOTHING,
  },
  google_unreachable: {
    means:
      "Google's OAuth endpoints did not answer, or with something that says nothing of the grant (`reason`); it is tried again.",
    act: "Look at Google's status page when it lasts.",
  },
  send_as_unread: {
    means: "The account's send-as addresses could not be read; aliases in From are refused until they can.",
    act: "It is tried again daily. `why` forbidden: connect again with every scope allowed; else enable the Gmail API.",
  },
  checks_due: { means: "So many servers were due for a check of their grant.", act: NOTHING },
  given_up_grants_asked: {
    means: "An earlier release gave up so many grants for unclear reasons; Google is asked about them again.",
    act: NOTHING,
  },
  server_checked: { means: "One server's grant was checked.", act: NOTHING },

  // --- messages ---
  messages_dispatched: { means: "So many due messages were published again.", act: NOTHING },
  messages_released: { means: "So many held messages were let go.", act: NOTHING },
  release_put_off: {
    means: "Held messages could not be let go at once.",
    act: "The next tick of `dispatch-due` does it; look when it lasts.",
  },
  dispatch_not_published: {
    means: "After a connect, the held messages could not be let go at once.",
    act: "The next tick of `dispatch-due` does it; look when it lasts.",
  },
  message_publish_failed: {
    means: "A message is kept, but its id could not be published.",
    act: "`dispatch-due` publishes it within two minutes; look when it lasts.",
  },
  batch_item_unavailable: {
    means: "One message of a batch could not be kept; its item says so.",
    act: ONE_LINE_IS_FINE,
  },
  topic_message_refused: {
    means: "What somebody published on `mail-send` can never be sent; it is recorded as failed.",
    act: "Tell the publisher: the record's problem says what is wrong.",
  },
  dispatch_defect: {
    means:
      "Something that was not foreseen was thrown over one message, or over one server's line; the others went on, and the next tick tries it again.",
    act: "A defect: report it with `error`. The message waits until then.",
  },
  dispatch_put_off: {
    means: "The store could not be reached for one message, or for one server's line; the next tick tries it again.",
    act: ONE_LINE_IS_FINE,
  },
  later_records_left: {
    means:
      "A query for what is due found records that a later release wrote: of a status, state or version that this one does not know (`count` of them; `id` is the first). It left them alone.",
    act: "Nothing to do while a roll-out is under way. After a roll-back: install the later release again, which alone can go on with them.",
  },
  later_record_left: {
    means: "A function was asked to act on a record that a later release wrote, and left it alone.",
    act: "As for `later_records_left`.",
  },
  claim_contended: { means: "Many workers wanted one server's ledger; the message is tried again.", act: NOTHING },
  claim_lost: {
    means: "Another worker took the message before its end was handed to Gmail; nothing was sent here.",
    act: NOTHING,
  },
  lease_lost: {
    means: "A worker came back after its lease had ended; the message's state stands as the other left it.",
    act: "Many: deliveries take longer than the lease; look at Gmail's answers and the function's CPU.",
  },
  delivery_client_rejected: {
    means: "A message waits because Google refuses the OAuth client.",
    act: "Check client ID and secret in the settings.",
  },

  // --- `npm start` ---
  tick_failed: { means: "A local tick failed; the next one comes.", act: "Look at `error`." },
  queue_failed: { means: "The local queue or a delivery from it failed; it is tried again.", act: "Look at `error`." },
} as const satisfies Readonly<Record<string, LogEvent>>;
