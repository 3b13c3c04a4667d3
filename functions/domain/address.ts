// RFC 5321 §4.5.3.1 and §2.3.5, without quoted local parts and address literals, which no account has. Dots stand only
// between characters (`Dot-string`): a server would refuse any other address only after the message was accepted.
const LOCAL_PART = /^(?!\.)(?!.*\.\.)[^\s@<>()[\]\\,;:"\p{C}]{1,64}(?<!\.)$/u;
const HOST_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Checked before `URL` parses the host as browsers do, dropping tabs and line ends and decoding %-escapes. */
const DOMAIN_TEXT = /^[\p{L}\p{M}\p{N}.-]+$/u;

/** Domains that `URL` leaves as they are: no label is Punycode, and the last is no number, as an IPv4 host's is. */
const PLAIN_DOMAIN = /^(?!.*xn--)(?:[a-z0-9-]+\.)*[a-z][a-z0-9-]*$/;

/** A host in lower case and ASCII (WHATWG URL, domain to ASCII; IDNA); empty if the text is not a host. */
const asciiHost = (domain: string): string => {
  // Nearly all domains are plain, and each mail has several.
  if (PLAIN_DOMAIN.test(domain)) return domain;
  const url = `http://${domain.normalize("NFC")}`;
  return URL.canParse(url) ? new URL(url).hostname : "";
};

/** The domain in lower case and ASCII (IDNA), or null if the text is not a domain of at least two labels. */
const foldDomain = (domain: string): string | null => {
  if (!DOMAIN_TEXT.test(domain)) return null;
  const ascii = asciiHost(domain);
  const labels = ascii.split(".");
  const isDomainName =
    labels.length >= 2 && labels.every((label) => HOST_LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? "");
  return ascii.length <= 253 && isDomainName ? ascii : null;
};

/**
 * The address in the form that is stored and compared: in lower case, as Google compares addresses, with its domain in
 * ASCII. Null if the text is not an address; CR, LF and other control characters therefore never get through.
 */
export const parseAddress = (text: string): string | null => {
  const at = text.lastIndexOf("@");
  const local = text.slice(0, Math.max(at, 0)).normalize("NFC");
  const domain = foldDomain(text.slice(at + 1));
  return at > 0 && LOCAL_PART.test(local) && domain !== null ? `${local.toLowerCase()}@${domain}` : null;
};

/**
 * The address as mail goes to it: the local part as it is written, since only its host may say that case does not
 * matter (RFC 5321 §2.4), and the domain in ASCII. Null if the text is not an address.
 */
export const asWritten = (text: string): string | null => {
  const folded = parseAddress(text);
  return folded === null ? null : text.slice(0, text.lastIndexOf("@")).normalize("NFC") + domainEntry(folded);
};

/** Folds an entry of a list of people or of a From filter: an address or an `@domain`. Null if it is neither. */
export const parseAddressOrDomain = (text: string): string | null => {
  if (!text.startsWith("@")) return parseAddress(text);
  const domain = foldDomain(text.slice(1));
  return domain === null ? null : `@${domain}`;
};

/** The domain of a folded address, as the entry `@example.com`. */
export const domainEntry = (address: string): string => address.slice(address.lastIndexOf("@"));

const GMAIL_DOMAINS: readonly string[] = ["gmail.com", "googlemail.com"];

/** Only Google gives out addresses in these domains, to programs. `entry` is a folded `@domain`. */
export const isServiceAccountDomain = (entry: string): boolean => `.${entry.slice(1)}`.endsWith(".gserviceaccount.com");

/** Anyone can get an address in these domains. `entry` is a folded `@domain`. */
export const isConsumerDomain = (entry: string): boolean => GMAIL_DOMAINS.includes(entry.slice(1));

/**
 * The mailbox that an address belongs to, for comparison only. Google delivers `nina.c@googlemail.com` and
 * `ninac@gmail.com` to one mailbox (support.google.com/mail/answer/7436150, answer/10313); in other domains, dots
 * count. A plus suffix counts everywhere: the address with it is never the account's own.
 */
export const mailboxOf = (address: string): string => {
  const folded = parseAddress(address) ?? address.toLowerCase();
  const at = folded.lastIndexOf("@");
  if (!GMAIL_DOMAINS.includes(folded.slice(at + 1))) return folded;
  return `${folded.slice(0, at).replaceAll(".", "")}@gmail.com`;
};

/** Whether two addresses belong to one mailbox. Accounts, usernames and people are always compared this way. */
export const sameMailbox = (one: string, other: string): boolean => mailboxOf(one) === mailboxOf(other);
