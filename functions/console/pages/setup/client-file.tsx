import { useId } from "preact/hooks";
import { t } from "../../state/language.ts";
import { Icon } from "../../widgets/icon.tsx";

/** A downloaded client file has about 500 bytes; a much larger file is a different one. */
const LARGEST_FILE = 100_000;

/** The file's text as JSON, or null if it is not JSON. */
const jsonIn = async (file: File): Promise<unknown> => {
  if (file.size > LARGEST_FILE) return null;
  try {
    return JSON.parse(await file.text());
  } catch {
    return null;
  }
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** The client ID in Google's file, or as typed; null if the API will not find one either. */
export const clientIdIn = (body: unknown): string | null => {
  if (!isRecord(body)) return null;
  const id = isRecord(body.web) ? body.web.client_id : body.clientId;
  return typeof id === "string" ? id.trim() : null;
};

/** Whether the file is one that Google offers for an OAuth client, of whatever type; a service account's key is not. */
export const isClientFile = (json: unknown): boolean => isRecord(json) && ("web" in json || "installed" in json);

interface Props {
  readonly error: string | null;
  /** Called with the file's content; null: it is not JSON. */
  readonly onRead: (json: unknown) => void;
}

const read = async (input: HTMLInputElement, onRead: Props["onRead"]): Promise<void> => {
  const file = input.files?.[0];
  if (file === undefined) return;
  const json = await jsonIn(file);
  // Choosing the same file again after correcting it must read it again.
  input.value = "";
  onRead(json);
};

export const ClientFilePicker = ({ error, onRead }: Props) => {
  const id = useId();
  return (
    <div class="field">
      <label class="button file-button">
        <Icon name="upload" />
        {t("credentials.file")}
        <input
          type="file"
          accept=".json,application/json"
          title=""
          aria-describedby={`${id}-hint ${id}-error`}
          aria-invalid={error === null ? undefined : "true"}
          onChange={(event) => void read(event.currentTarget, onRead)}
        />
      </label>
      <p class="hint" id={`${id}-hint`}>
        {t("credentials.fileHint")}
      </p>
      <p class="field-error" id={`${id}-error`} role="alert">
        {error}
      </p>
    </div>
  );
};
