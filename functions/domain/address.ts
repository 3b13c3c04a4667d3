// RFC 5321 §4.5.3.1 and §2.3.5, as far as accounts and people's own addresses go: no quoted local part, no address literal.
// Dots stand between, as in its `Dot-string`: a server would refuse the others only after the message was accepted.
const LOCAL_PART = /^(?!\.)(?!.*\.\.)[^\s@<>()[\]\\,;:"\p{C}]{1,64}(?<!\.)$/u;
const HOST_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Looked at before `URL`, which reads a host as browsers do: it drops tabs and line ends and decodes %-escapes. */
const DOMAIN_TEXT = /^[\p{L}\p{M}\p{N}.-]+$/u;

/** A host in lower case and ASCII (WHATWG URL, domain to ASCII; IDNA); empty where it is none. */
const asciiHost = (domain: string): string => {
  const url = `http://${domain.normalize("NFC")}`;
  return URL.canParse(url) ? new URL(url).hostname : "";
};

/** The domain in lower case and ASCII (IDNA), or null where it is none with at least two labels. */
const foldDomain = (domain: string): string | null => {
  if (!DOMAIN_TEXT.test(domain)) return null;
  const ascii = asciiHost(domain);
  const labels = ascii.split(".");
  const named =
    labels.length >= 2 && labels.every((label) => HOST_LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? "");
  return ascii.length <= 253 && named ? ascii : null;
};

/**
 * An address as it is compared and kept: lower case throughout (Google compares so), its domain in ASCII.
 * Null where the text is no address: so CR, LF and any other control character never get past it.
 */
export const parseAddress = (text: string): string | null => {
  const at = text.lastIndexOf("@");
  const local = text.slice(0, Math.max(at, 0)).normalize("NFC");
  const domain = foldDomain(text.slice(at + 1));
  return at > 0 && LOCAL_PART.test(local) && domain !== null ? `${local.toLowerCase()}@${domain}` : null;
};

/** An entry of a list of people or of a From filter: an address or `@domain`, folded; null where it is neither. */
export const parseAddressOrDomain = (text: string): string | null => {
  if (!text.startsWith("@")) return parseAddress(text);
  const domain = foldDomain(text.slice(1));
  return domain === null ? null : `@${domain}`;
};

/** `@example.com` of a folded address. */
export const domainEntry = (address: string): string => address.slice(address.lastIndexOf("@"));

const GMAIL_DOMAINS: readonly string[] = ["gmail.com", "googlemail.com"];

/** Google alone gives such addresses, to programs. `entry`: a folded `@domain`. */
export const isServiceAccountDomain = (entry: string): boolean => `.${entry.slice(1)}`.endsWith(".gserviceaccount.com");

/** Anyone can get an address there. `entry`: a folded `@domain`. */
export const isConsumerDomain = (entry: string): boolean => GMAIL_DOMAINS.includes(entry.slice(1));

/**
 * The mailbox that an address names, for comparing only. Google delivers `nina.c@googlemail.com` and `ninac@gmail.com` to one mailbox
 * (support.google.com/mail/answer/7436150, answer/10313); at every other domain, dots count. What follows a plus sign names no other mailbox,
 * yet it is never an account's own address, so it counts everywhere.
 */
export const mailboxOf = (address: string): string => {
  const folded = parseAddress(address) ?? address.toLowerCase();
  const at = folded.lastIndexOf("@");
  if (!GMAIL_DOMAINS.includes(folded.slice(at + 1))) return folded;
  return `${folded.slice(0, at).replaceAll(".", "")}@gmail.com`;
};

/** Do two addresses name one mailbox? The one comparison for accounts, usernames and people. */
export const sameMailbox = (one: string, other: string): boolean => mailboxOf(one) === mailboxOf(other);
