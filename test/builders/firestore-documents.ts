/** The fields of a document: `{"$bytes": base64}` and `{"$time": ISO 8601}` stand for what JSON lacks. */
export type PlainFields = Readonly<Record<string, unknown>>;

type Value = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is PlainFields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const toFields = (fields: PlainFields): Value =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, toValue(value)]));

/** cloud.google.com/firestore/docs/reference/rest/v1/Value */
const toValue = (value: unknown): Value => {
  if (value === null || value === undefined) return { nullValue: null };
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { booleanValue: value };
  if (typeof value === "number")
    return Number.isInteger(value) ? { integerValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(toValue) } };
  if (!isObject(value)) throw new TypeError("no value of Firestore");
  if (typeof value.$bytes === "string") return { bytesValue: value.$bytes };
  if (typeof value.$time === "string") return { timestampValue: value.$time };
  if (typeof value.$reference === "string") return { referenceValue: value.$reference };
  return { mapValue: { fields: toFields(value) } };
};

const fromValue = (value: Value): unknown => {
  const [kind, held] = Object.entries(value)[0] ?? [];
  switch (kind) {
    case "nullValue":
      return null;
    case "integerValue":
      return Number(held);
    case "timestampValue":
      return { $time: held };
    case "bytesValue":
      return { $bytes: held };
    case "arrayValue":
      return ((held as { values?: Value[] }).values ?? []).map(fromValue);
    case "mapValue":
      return fromFields((held as { fields?: Record<string, Value> }).fields ?? {});
    default:
      return held;
  }
};

const fromFields = (fields: Readonly<Record<string, Value>>): PlainFields =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, fromValue(value)]));

/** An application that writes and reads documents of Firestore, over REST, without any of Relais's code. */
export class FirestoreDocuments {
  readonly #root: string;

  constructor(host: string, projectId: string, database = "(default)") {
    this.#root = `http://${host}/v1/projects/${projectId}/databases/${database}/documents`;
  }

  async #ask(method: string, path: string, body?: object): Promise<Response> {
    const headers = { Authorization: "Bearer owner", "Content-Type": "application/json" };
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    return fetch(`${this.#root}/${path.split("/").map(encodeURIComponent).join("/")}`, init);
  }

  async #expect(answer: Response): Promise<unknown> {
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status} ${text}`);
    return JSON.parse(text);
  }

  /** Creates or replaces a document. */
  async set(path: string, fields: PlainFields): Promise<void> {
    await this.#expect(await this.#ask("PATCH", path, { fields: toFields(fields) }));
  }

  /** Changes some fields, named by paths such as `delivery.state`. */
  async update(path: string, fieldPaths: readonly string[], fields: PlainFields): Promise<void> {
    const mask = fieldPaths.map((name) => `updateMask.fieldPaths=${encodeURIComponent(name)}`).join("&");
    const headers = { Authorization: "Bearer owner", "Content-Type": "application/json" };
    const url = `${this.#root}/${path}?${mask}&currentDocument.exists=true`;
    await this.#expect(
      await fetch(url, { method: "PATCH", headers, body: JSON.stringify({ fields: toFields(fields) }) }),
    );
  }

  async get(path: string): Promise<PlainFields | undefined> {
    const answer = await this.#ask("GET", path);
    if (answer.status === 404) return undefined;
    const { fields = {} } = (await this.#expect(answer)) as { fields?: Record<string, Value> };
    return fromFields(fields);
  }

  async delete(path: string): Promise<void> {
    await this.#expect(await this.#ask("DELETE", path));
  }
}
