import type {
  DeliveryWritten,
  DocumentAddress,
  DocumentData,
  MailDocument,
  MailDocuments,
} from "../../functions/domain/documents/mail-documents.ts";

interface Stored {
  readonly createTime: string;
  readonly version: string;
  readonly data: DocumentData;
}

/** In bytes, as good as (firebase.google.com/docs/firestore/quotas#collections_documents_and_fields). */
const LARGEST = 1_048_576;

const isObject = (value: unknown): value is DocumentData =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An application's documents in memory. The contract suite says that it behaves as Firestore does. */
export class MemoryDocuments implements MailDocuments {
  readonly #documents = new Map<string, Stored>();
  #writes = 0;
  /** Paths that were written, oldest first: a trigger tells of each. */
  readonly written: string[] = [];
  readonly counts = { reads: 0, writes: 0 };

  #next(): string {
    this.#writes += 1;
    return `${this.#writes}.000000000`;
  }

  #keep(path: string, stored: Omit<Stored, "version" | "createTime">): void {
    const version = this.#next();
    const createTime = this.#documents.get(path)?.createTime ?? version;
    this.#documents.set(path, { ...stored, createTime, version });
    this.written.push(path);
  }

  /** As the application writes: the whole document. */
  set(path: string, data: DocumentData): void {
    this.#keep(path, { data });
  }

  /** As the application writes: some members of `delivery`. */
  setDelivery(path: string, members: DocumentData): void {
    const data = this.#documents.get(path)?.data ?? {};
    this.#keep(path, { data: { ...data, delivery: { ...Object(data.delivery), ...members } } });
  }

  delete(path: string): void {
    this.#documents.delete(path);
    this.written.push(path);
  }

  delivery(path: string): DocumentData | undefined {
    const delivery = this.#documents.get(path)?.data.delivery;
    return isObject(delivery) ? delivery : undefined;
  }

  async read({ database, path }: DocumentAddress, fields?: readonly string[]): Promise<MailDocument | undefined> {
    this.counts.reads += 1;
    const stored = this.#documents.get(path);
    if (stored === undefined) return undefined;
    const data = Object.fromEntries(Object.entries(stored.data).filter(([name]) => fields?.includes(name) ?? true));
    return { ...stored, database, path, data };
  }

  async readMany(_database: string, paths: readonly string[]): Promise<readonly (DocumentData | undefined)[]> {
    this.counts.reads += paths.length;
    return paths.map((path) => this.#documents.get(path)?.data);
  }

  async change(
    { path, version }: Pick<MailDocument, "path" | "version">,
    delivery: DocumentData,
  ): Promise<DeliveryWritten> {
    const stored = this.#documents.get(path);
    if (stored === undefined || stored.version !== version) return "contended";
    const before = isObject(stored.data.delivery) ? stored.data.delivery : {};
    const data = { ...stored.data, delivery: { ...before, ...delivery } };
    if (JSON.stringify(data).length > LARGEST) return "unwritable";
    this.counts.writes += 1;
    this.#keep(path, { data });
    return "done";
  }
}
