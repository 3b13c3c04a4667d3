import { bytes, t } from "../../../state/language.ts";
import { Icon } from "../../../widgets/icon.tsx";
import type { MailFile } from "./mail.ts";

/** Saves bytes as a file. Their type is not said, so that no browser ever opens them as a page of this origin. */
export const saveFile = (name: string, content: Uint8Array<ArrayBuffer>): void => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "application/octet-stream" }));
  link.download = name;
  link.click();
  // The browser has taken the address by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};

/** The attachments, and what html shows of them. */
export const FileList = ({ files }: { readonly files: readonly MailFile[] }) => (
  <>
    <h3>{t("content.files")}</h3>
    <ul class="rows">
      {files.map((file, index) => {
        const name = file.name ?? t("content.unnamed");
        return (
          <li key={`${index} ${name}`}>
            <div class="row-main">
              <span class="row-title">{name}</span>
              <span class="fine">
                {file.type} · {bytes(file.bytes.length)}
              </span>
            </div>
            <div class="row-side">
              <button
                type="button"
                class="button small"
                aria-label={t("content.saveNamed", { name })}
                onClick={() => saveFile(name, file.bytes)}
              >
                <Icon name="download" />
                {t("content.save")}
              </button>
            </div>
          </li>
        );
      })}
    </ul>
  </>
);
