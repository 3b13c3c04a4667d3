export const FULL_MAIL = "https://mail.google.com/";
const SEND_ONLY = "https://www.googleapis.com/auth/gmail.send";

interface Traits {
  /**
   * One of these scopes must be granted; Relais asks for the first, the narrowest. SMTP needs full mail
   * (developers.google.com/workspace/gmail/imap/xoauth2-protocol), which covers sending by the API as well
   * (developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages/send).
   */
  readonly scopes: readonly [string, ...string[]];
  /** Whether an operator may vouch for a From, because its narrowest scope cannot read the send-as addresses. */
  readonly vouching: boolean;
  /** Whether it takes non-ASCII addresses: if its EHLO says so (`OffersSmtpUtf8`), or never; and the problem if not. */
  readonly utf8: { readonly taken: "as_ehlo_says" | "never"; readonly refusal: "no_smtp_utf8" | "no_utf8_by_api" };
  /** Whether it sends to the recipients of the envelope or to those in the headers of the mail. */
  readonly sendsTo: "envelope" | "header";
  /** The stages at which Gmail may refuse the account without a probe, which sends nothing, noticing. */
  readonly beyondProbe: readonly ("data" | "body")[];
}

/** The ways to hand mail to Gmail. */
export const TRANSPORTS = {
  smtp: {
    scopes: [FULL_MAIL],
    vouching: false,
    utf8: { taken: "as_ehlo_says", refusal: "no_smtp_utf8" },
    sendsTo: "envelope",
    beyondProbe: ["data", "body"],
  },
  gmail_api: {
    scopes: [SEND_ONLY, FULL_MAIL],
    vouching: true,
    // Google does not document what the API does with such an address.
    utf8: { taken: "never", refusal: "no_utf8_by_api" },
    sendsTo: "header",
    // The API refuses an empty send in the same way as a mail.
    beyondProbe: [],
  },
} as const satisfies Readonly<Record<string, Traits>>;

export type Transport = keyof typeof TRANSPORTS;

/** A later release may have other transports. */
export const isKnownTransport = (name: string): name is Transport => Object.hasOwn(TRANSPORTS, name);

/** In the order in which the console offers them; the first is the default. */
export const TRANSPORT_NAMES: readonly Transport[] = Object.keys(TRANSPORTS).filter(isKnownTransport);

/** The traits of a later release's transport: nothing is sent by it here, and nothing is assumed about it. */
const UNKNOWN: Traits = {
  scopes: [FULL_MAIL],
  vouching: false,
  utf8: { taken: "never", refusal: "no_utf8_by_api" },
  sendsTo: "envelope",
  beyondProbe: [],
};

export const traitsOf = (transport: Transport): Traits =>
  isKnownTransport(transport) ? TRANSPORTS[transport] : UNKNOWN;
