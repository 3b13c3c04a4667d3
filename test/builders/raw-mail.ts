/** A composed mail: its lines end in CRLF, and `\n` within a field is a fold. */
export const rawMail = (fields: readonly string[], body: string | Buffer = "Bonjour\r\n"): Buffer =>
  Buffer.concat([Buffer.from(`${fields.join("\r\n")}\r\n\r\n`, "latin1"), Buffer.from(body)]);

export const FROM = "From: Ada <ada@example.com>";
export const TO = "To: b@example.org";
export const ID = "Message-ID: <order-42@erp.example.com>";
export const DATE = "Date: Tue, 05 Jan 2027 09:00:00 +0100";

/** With every field that Relais would put in front otherwise. */
export const wholeMail = (...more: readonly string[]): Buffer => rawMail([FROM, TO, ID, DATE, ...more]);

const LINE = `${"=09/Ab".repeat(12)}\r\n`;

/** A mail of exactly so many bytes, whose last line has no end. */
export const mailOfSize = (bytes: number, head = wholeMail()): Buffer => {
  const rest = bytes - head.length;
  const whole = rest - (rest % LINE.length);
  return Buffer.concat([head, Buffer.alloc(whole, LINE), Buffer.alloc(rest - whole, "x")]);
};

/** Different addresses of so many characters; 254 is the most that one may have. */
export const longAddresses = (count: number, length = 254): readonly string[] =>
  Array.from({ length: count }, (_, at) => {
    const domain = `${`${"d".repeat(60)}.`.repeat(3)}example.org`;
    return `${`recipient-${at}`.padEnd(length - domain.length - 1, "x")}@${domain}`;
  });
