import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import type { SmtpStage } from "../../../functions/domain/google/replies.ts";
import { classify, type Refusal } from "../../../functions/domain/google/reply-table.ts";
import { isTextCode } from "../../../functions/domain/problem-texts.ts";

const reply = (code: number, enhanced: string | null = null, response = "no") => ({ code, enhanced, response });

const TOO_MANY =
  "Your message has too many recipients. For more information regarding Google's sending limits, visit https://support.google.com/mail/?p=TooManyRecipients";
const NO_RELAY =
  "Invalid credentials for relay [1.2.3.4]. The IP address you've registered in your Workspace SMTP Relay service doesn't match the domain of the account this email is being sent from.";

/** Replies as Gmail words them (support.google.com/a/answer/3726730) and bare ones, each with its meaning. */
const SMTP = [
  // about this mail
  ["body", reply(552, "5.3.4", "Your message exceeded Google's message size limits"), "final", "message_refused"],
  ["body", reply(552, "5.2.3", "Your message exceeded Google's message size limits."), "final", "message_refused"],
  ["mail", reply(552, "5.3.4"), "final", "message_refused"],
  [
    "body",
    reply(552, "5.7.0", "This message was blocked because its content presents a potential security issue."),
    "final",
    "message_refused",
  ],
  [
    "body",
    reply(550, "5.7.1", "Our system has detected that this message is likely unsolicited mail."),
    "final",
    "message_refused",
  ],
  [
    "body",
    reply(550, "5.7.26", "Unauthenticated email from example.com is not accepted due to domain's DMARC policy."),
    "final",
    "message_refused",
  ],
  [
    "body",
    reply(
      550,
      "5.7.1",
      "The user or domain that you are sending to (or from) has a policy that prohibited the mail that you sent.",
    ),
    "final",
    "message_refused",
  ],
  ["body", reply(554, "5.6.0", "Mail message is malformed. Not accepted."), "final", "message_refused"],
  ["body", reply(554, "5.4.6", "Message exceeded 50 hops, this may indicate a mail loop."), "final", "message_refused"],
  ["body", reply(550, "5.7.1"), "final", "message_refused"],
  ["mail", reply(553, "5.6.7"), "final", "message_refused"],
  ["mail", reply(553, "5.1.7", "The sender address is not a valid RFC 5321 address."), "final", "sender_refused"],
  // about one recipient
  [
    "rcpt",
    reply(550, "5.1.1", "The email account that you tried to reach does not exist."),
    "final",
    "recipients_refused",
  ],
  [
    "rcpt",
    reply(550, "5.2.1", "The email account that you tried to reach is disabled."),
    "final",
    "recipients_refused",
  ],
  ["rcpt", reply(553, "5.1.2", "We weren't able to find the recipient domain."), "final", "recipients_refused"],
  [
    "rcpt",
    reply(550, "5.7.1", "You're not authorized to send messages to this recipient"),
    "final",
    "recipients_refused",
  ],
  ["rcpt", reply(550, null, "The email account that you tried to reach is over quota."), "final", "recipients_refused"],
  ["rcpt", reply(550, "5.7.1", "Sending to this group is not allowed"), "final", "recipients_refused"],
  [
    "rcpt",
    reply(452, "4.2.2", "The email account that you tried to reach is over quota."),
    "again",
    "temporarily_refused",
  ],
  ["rcpt", reply(552, "5.2.2", "The recipient's inbox is out of storage space."), "again", "temporarily_refused"],
  [
    "rcpt",
    reply(450, "4.2.1", "The user you are trying to contact is receiving mail too quickly."),
    "again",
    "temporarily_refused",
  ],
  ["rcpt", reply(552, "5.5.3", "Too many recipients"), "again", "temporarily_refused"],
  ["rcpt", reply(552, "5.3.4"), "again", "temporarily_refused"],
  ["rcpt", reply(552), "again", "temporarily_refused"],
  ["rcpt", reply(452, "4.5.3", "Your message has too many recipients."), "again", "temporarily_refused"],
  ["rcpt", reply(550, "5.5.3", "Too many recipients"), "again", "temporarily_refused"],
  ["data", reply(452, "4.5.3", TOO_MANY), "again", "temporarily_refused"],
  ["body", reply(452, "4.5.3", TOO_MANY), "again", "temporarily_refused"],
  ["rcpt", reply(452, null, TOO_MANY), "again", "temporarily_refused"],
  ["body", reply(451, "4.3.0", TOO_MANY), "again", "temporarily_refused"],
  ["data", reply(452, "4.7.1", "Daily sending limit exceeded"), "daily_limit", "quota_reached"],
  ["mail", reply(550, "5.7.1", NO_RELAY), "account", "gmail_refused"],
  ["rcpt", reply(550, "5.7.1", NO_RELAY), "account", "gmail_refused"],
  ["data", reply(550, "5.7.1", NO_RELAY), "account", "gmail_refused"],
  ["body", reply(550, "5.7.1", "Invalid credentials for relay"), "account", "gmail_refused"],
  ["rcpt", reply(454, "4.7.0", NO_RELAY), "again", "temporarily_refused"],
  ["rcpt", reply(451, "4.3.0"), "again", "temporarily_refused"],
  ["data", reply(550, null, "The email account that you tried to reach is disabled"), "final", "message_refused"],
  // about the account, which may not send
  ["mail", reply(550, "5.7.0", "Mail Sending denied. - gsmtp"), "account", "gmail_refused"],
  ["rcpt", reply(550, "5.7.0", "Mail Sending denied"), "account", "gmail_refused"],
  ["data", reply(550, "5.7.0", "Mail sending denied."), "account", "gmail_refused"],
  ["body", reply(550, "5.7.1", "mail sending is disabled for this account"), "account", "gmail_refused"],
  ["mail", reply(550, "5.7.0", "Mail relay denied."), "account", "gmail_refused"],
  ["mail", reply(550, "5.7.1"), "account", "gmail_refused"],
  ["mail", reply(554, null, "Account disabled"), "account", "gmail_refused"],
  ["body", reply(550, null, "Your account has been temporarily suspended"), "account", "gmail_refused"],
  ["data", reply(550, "5.7.1", "Mail service not enabled"), "account", "gmail_refused"],
  ["rcpt", reply(550, "5.7.1", "You are not allowed to send mail."), "account", "gmail_refused"],
  ["auth", reply(534, "5.7.14", "Please log in via your web browser and then try again."), "account", "auth_refused"],
  ["mail", reply(534, "5.7.9", "Application-specific password required."), "account", "auth_refused"],
  ["auth", reply(535, "5.7.8", "Username and Password not accepted."), "account", "auth_refused"],
  // about the account's limits
  ["data", reply(550, "5.7.1", "Email quota exceeded. - gsmtp"), "daily_limit", "quota_reached"],
  ["mail", reply(421, "4.7.0", "Email quota exceeded"), "daily_limit", "quota_reached"],
  ["rcpt", reply(450, "4.7.1", "Sending quota exceeded"), "daily_limit", "quota_reached"],
  ["body", reply(452, "4.7.1", "Quota exceeded"), "daily_limit", "quota_reached"],
  ["body", reply(552, "5.7.1", "Email quota exceeded"), "daily_limit", "quota_reached"],
  ["body", reply(550, "5.4.5"), "daily_limit", "quota_reached"],
  ["data", reply(550, "5.4.5", "Daily user sending limit exceeded."), "daily_limit", "quota_reached"],
  ["rcpt", reply(550, "5.4.5", "Daily SMTP relay limit exceeded for user."), "daily_limit", "quota_reached"],
  ["data", reply(550, "5.7.1", "Daily SMTP relay limit exceeded for customer."), "daily_limit", "quota_reached"],
  ["mail", reply(550, null, "You have reached a limit for sending mail."), "daily_limit", "quota_reached"],
  ["body", reply(421, "4.7.0", "Rate limit exceeded, slow down"), "rate_limit", "rate_limited"],
  ["mail", reply(450, null, "user-rate limit exceeded"), "rate_limit", "rate_limited"],
  [
    "data",
    reply(550, "5.7.28", "Our system has detected an unusual rate of unsolicited mail"),
    "rate_limit",
    "rate_limited",
  ],
  ["auth", reply(454, "4.7.0", "Too many login attempts, please try again later."), "login_limit", "too_many_logins"],
  ["auth", reply(421, "4.7.0", "Too many login attempts"), "login_limit", "too_many_logins"],
  ["auth", reply(534, null, "Too many authentication attempts"), "login_limit", "too_many_logins"],
  ["greeting", reply(421, "4.7.0", "Too many simultaneous connections"), "login_limit", "too_many_logins"],
  // about Gmail itself, or the session
  [
    "auth",
    reply(454, "4.7.0", "Cannot authenticate due to temporary system problem. Try again later."),
    "again",
    "gmail_unavailable",
  ],
  ["auth", reply(454, "4.7.0"), "again", "gmail_unavailable"],
  ["auth", reply(421, "4.3.0", "Temporary System Problem. Try again later."), "again", "gmail_unavailable"],
  ["greeting", reply(421, "4.7.0", "Try again later, closing connection."), "again", "gmail_unavailable"],
  ["mail", reply(421, "4.7.0"), "again", "temporarily_refused"],
  ["mail", reply(421, "4.4.5", "Server busy, try again later."), "again", "temporarily_refused"],
  ["mail", reply(503, "5.5.1", "Bad sequence of commands"), "again", "temporarily_refused"],
  ["mail", reply(530, "5.5.1", "Authentication Required."), "again", "temporarily_refused"],
  ["rcpt", reply(502, "5.5.1", "Too many unrecognized commands, goodbye."), "again", "temporarily_refused"],
  ["greeting", reply(554), "again", "temporarily_refused"],
  ["tls", reply(502), "again", "temporarily_refused"],
  ["tls", reply(454, "4.7.0"), "again", "temporarily_refused"],
] as const;

const API = [
  [400, "invalidArgument", "Invalid To header", "final", "message_refused"],
  [400, "invalid", "Recipient address required", "final", "message_refused"],
  [413, "uploadTooLarge", "Request Entity Too Large", "final", "message_refused"],
  [400, "failedPrecondition", "Mail service not enabled", "account", "gmail_refused"],
  [400, "failedPrecondition", "Backend Error", "account", "gmail_refused"],
  [400, "FAILED_PRECONDITION", "no", "account", "gmail_refused"],
  [400, null, "Precondition check failed.", "account", "gmail_refused"],
  [400, null, "Mail service not enabled", "account", "gmail_refused"],
  [401, "authError", "Invalid Credentials", "account", "auth_refused"],
  [403, null, "no", "account", "auth_refused"],
  [403, "insufficientPermissions", "Request had insufficient authentication scopes.", "account", "auth_refused"],
  [403, "forbidden", "Delegation denied for ada@example.com", "account", "auth_refused"],
  [403, "domainPolicy", "The domain administrators have disabled Gmail apps.", "account", "admin_policy"],
  [
    403,
    "accessNotConfigured",
    "Gmail API has not been used in project 1 before or it is disabled.",
    "account",
    "gmail_api_disabled",
  ],
  [403, "SERVICE_DISABLED", "no", "account", "gmail_api_disabled"],
  [403, "rateLimitExceeded", "Rate Limit Exceeded", "rate_limit", "rate_limited"],
  [403, "userRateLimitExceeded", "User Rate Limit Exceeded", "rate_limit", "rate_limited"],
  [
    429,
    "rateLimitExceeded",
    "User-rate limit exceeded.  Retry after 2026-11-22T12:00:00.000Z (Mail sending)",
    "rate_limit",
    "rate_limited",
  ],
  [429, "userRateLimitExceeded", "no", "rate_limit", "rate_limited"],
  [429, "tooManyConcurrentRequests", "Too many concurrent requests for user", "rate_limit", "rate_limited"],
  [429, null, "no", "rate_limit", "rate_limited"],
  [
    403,
    "RATE_LIMIT_EXCEEDED",
    "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user'",
    "rate_limit",
    "rate_limited",
  ],
  [403, "quotaExceeded", "The user's quota has been exceeded", "daily_limit", "quota_reached"],
  [403, "dailyLimitExceeded", "Daily Limit Exceeded", "daily_limit", "quota_reached"],
  [429, "quotaExceeded", "no", "daily_limit", "quota_reached"],
  [429, "rateLimitExceeded", "Daily user sending limit exceeded", "daily_limit", "quota_reached"],
  [403, null, "Daily Limit Exceeded", "daily_limit", "quota_reached"],
  [403, "userRateLimitExceeded", "Daily Limit Exceeded", "rate_limit", "rate_limited"],
  [403, "forbidden", "Daily Limit Exceeded", "account", "auth_refused"],
  [403, "domainPolicy", "Daily Limit Exceeded", "account", "admin_policy"],
  [404, "notFound", "Not Found", "again", "gmail_unavailable"],
  [408, null, "no", "again", "gmail_unavailable"],
] as const;

const apiRefusal = (code: number, reason: string | null, response: string): Refusal => ({
  transport: "gmail_api",
  stage: code === 401 || code === 403 ? "auth" : "body",
  reply: reply(code, null, response),
  reasons: reason === null ? [] : [reason.toLowerCase()],
});

suite("What a refusal by SMTP means", () => {
  for (const [stage, said, meaning, problem] of SMTP) {
    test(`${stage} ${said.code} ${said.enhanced ?? ""} ${said.response}: ${meaning}`, () => {
      assert.deepEqual(classify({ transport: "smtp", stage, reply: said }), { meaning, problem });
    });
  }
});

suite("What a refusal by the Gmail API means", () => {
  for (const [code, reason, words, meaning, problem] of API) {
    test(`${code} ${reason ?? ""} ${words}: ${meaning}`, () => {
      assert.deepEqual(classify(apiRefusal(code, reason, words)), { meaning, problem });
    });
  }
});

const AFTER_LOGIN = ["mail", "rcpt", "data", "body"] as const satisfies readonly SmtpStage[];
const TAIL = fc.constantFrom(
  "",
  ".",
  " - gsmtp",
  " For more information go to https://support.google.com/a/answer/166852 x - gsmtp",
);
const anyCase = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => text.toUpperCase(),
  (text) => text.toLowerCase(),
);
/** Replies with one meaning, however the rest of the reply varies. */
const worded = (phrases: readonly string[], codes: readonly number[], stages: readonly SmtpStage[] = AFTER_LOGIN) =>
  fc
    .record({
      phrase: fc.constantFrom(...phrases),
      tail: TAIL,
      fold: anyCase,
      code: fc.constantFrom(...codes),
      stage: fc.constantFrom(...stages),
      detail: fc.constantFrom("7.0", "7.1", "3.0", null),
    })
    .map(
      ({ phrase, tail, fold, code, stage, detail }): Refusal => ({
        transport: "smtp",
        stage,
        reply: reply(code, detail === null ? null : `${Math.floor(code / 100)}.${detail}`, fold(phrase) + tail),
      }),
    );

const DENIED = [
  "Mail Sending denied",
  "Mail sending is disabled",
  "Sending has been suspended",
  "Account disabled",
  "Your account has been locked",
  "This account is suspended",
  "Sending mail is disabled",
  "The sender has been suspended",
  "Mail service disabled",
  "Gmail is turned off for this user",
  "Mail service not enabled",
  "You are not authorized to send mail",
];
const QUOTA = [
  "Email quota exceeded",
  "Daily user sending limit exceeded",
  "Daily sending quota exceeded",
  "Sending limit reached",
  "You have exceeded your sending limit",
  "Daily message limit has been reached",
  "Over quota",
];
const PACE = [
  "Rate limit exceeded",
  "User-rate limit exceeded",
  "Sending rate exceeded",
  "You are sending mail too quickly",
  "Too many messages per minute",
];

suite("Whatever else a reply says", () => {
  const verdicts = (refusals: fc.Arbitrary<Refusal>, expected: string) =>
    fc.assert(
      fc.property(refusals, (refusal) => assert.equal(classify(refusal).meaning, expected)),
      { numRuns: 500 },
    );

  test("an account that may not send fails no mail, whichever command is answered that way", () => {
    verdicts(worded(DENIED, [550, 551, 554]), "account");
  });
  test("a quota is recognized by its words, whatever the code", () => {
    verdicts(worded(QUOTA, [421, 450, 451, 452, 550, 552, 554]), "daily_limit");
  });
  test("too fast a pace is recognized by its words, whatever the code", () => {
    verdicts(worded(PACE, [421, 450, 451, 452, 550, 554]), "rate_limit");
  });
  test("any 5xx to a login concerns the account, unless it names a limit", () => {
    verdicts(worded(["no", "Bad credentials", ...DENIED], [501, 530, 534, 535, 538, 550, 554], ["auth"]), "account");
    verdicts(worded(QUOTA, [454, 534, 550], ["auth"]), "daily_limit");
  });
  test("454 to a login means too many logins only if it says so", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("login attempts", "logins", "log-ins", "authentication attempts", "sessions"),
        TAIL,
        (what, tail) => {
          const said = reply(454, "4.7.0", `Too many ${what}${tail}`);
          assert.equal(classify({ transport: "smtp", stage: "auth", reply: said }).meaning, "login_limit");
        },
      ),
    );
    verdicts(
      worded(
        ["no", "Cannot authenticate due to temporary system problem", "Try again later", ""],
        [421, 454],
        ["auth"],
      ),
      "again",
    );
  });
  test("552 and 452 to a recipient are temporary, whatever their text says", () => {
    const said = fc.tuple(
      fc.constantFrom(452, 552),
      fc.constantFrom("5.3", "2.2", "3.4", "1.1", null),
      fc.constantFrom("no", "Too many recipients", "The recipient's mailbox is full", "message too large"),
    );
    fc.assert(
      fc.property(said, ([code, detail, words]) => {
        const enhanced = detail === null ? null : `${Math.floor(code / 100)}.${detail}`;
        assert.notEqual(
          classify({ transport: "smtp", stage: "rcpt", reply: reply(code, enhanced, words) }).meaning,
          "final",
        );
      }),
    );
  });

  const anyReply = fc.record({
    code: fc.integer({ min: 400, max: 599 }),
    enhanced: fc.option(
      fc.constantFrom(
        "4.0.0",
        "4.2.2",
        "4.5.3",
        "4.7.0",
        "5.0.0",
        "5.1.1",
        "5.2.2",
        "5.3.4",
        "5.4.5",
        "5.5.3",
        "5.7.0",
        "5.7.1",
      ),
      { nil: null },
    ),
    response: fc.oneof(fc.string(), fc.constantFrom(...DENIED, ...QUOTA, ...PACE)),
  });
  const anyRefusal = fc.record({
    transport: fc.constantFrom("smtp", "gmail_api"),
    stage: fc.constantFrom<SmtpStage>("dns", "tls", "greeting", "auth", ...AFTER_LOGIN),
    reply: anyReply,
    reasons: fc.array(fc.string()),
  });
  test("every reply has a meaning with a text, and no 4xx by SMTP is permanent", () => {
    fc.assert(
      fc.property(anyRefusal, (refusal) => {
        const { meaning, problem } = classify(refusal);
        assert.ok(isTextCode(problem));
        if (refusal.transport === "smtp" && refusal.reply.code < 500) assert.notEqual(meaning, "final");
        if (meaning === "final")
          assert.ok(refusal.transport === "gmail_api" || AFTER_LOGIN.some((stage) => stage === refusal.stage));
      }),
      { numRuns: 2_000 },
    );
  });
  test("a long reply is read quickly", () => {
    const response = "daily exceeded account is sending limit ".repeat(13).slice(0, 500);
    const startedAtMs = performance.now();
    for (let times = 0; times < 1_000; times += 1)
      classify({ transport: "smtp", stage: "body", reply: reply(554, "5.6.0", `${response}${times}`) });
    assert.ok(performance.now() - startedAtMs < 2_000);
  });
});
