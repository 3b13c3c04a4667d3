import { useState } from "preact/hooks";
import { api } from "../../../state/api.ts";
import { t } from "../../../state/language.ts";
import { useRemote } from "../../../state/remote.ts";
import { Icon } from "../../../widgets/icon.tsx";
import { RemoteView } from "../../../widgets/remote-view.tsx";
import { Tabs } from "../../../widgets/tabs.tsx";
import { FileList, saveFile } from "./file-list.tsx";
import { HtmlView } from "./html-view.tsx";
import { type Mail, readMail } from "./mail.ts";
import { SourceView, TextView } from "./text-view.tsx";

const FORMS = ["html", "text", "source"] as const;
type Form = (typeof FORMS)[number];

interface Content {
  readonly mail: Mail | null;
  readonly source: Uint8Array<ArrayBuffer>;
}

const read = async (id: string, signal: AbortSignal) => {
  const result = await api.messages.content(id, signal);
  if (!result.ok) return result;
  const content: Content = { mail: await readMail(result.value), source: result.value };
  return { ok: true, value: content } as const;
};

const Body = ({ form, mail, source }: Content & { readonly form: Form }) => {
  const label = t(`content.form.${form}`);
  if (form === "html" && mail?.html) return <HtmlView html={mail.html} files={mail.files} />;
  if (form === "text" && mail?.text) return <TextView label={label} text={mail.text} />;
  return <SourceView label={label} source={source} />;
};

const Forms = ({ id, content }: { readonly id: string; readonly content: Content }) => {
  const { mail, source } = content;
  const forms = FORMS.filter((form) => form === "source" || Boolean(mail?.[form]));
  const [chosen, setChosen] = useState<Form>(forms[0] ?? "source");
  return (
    <>
      {mail === null && <p class="hint">{t("content.unreadable")}</p>}
      <Tabs
        label={t("content.forms")}
        tabs={forms.map((name) => ({ name, label: t(`content.form.${name}`) }))}
        chosen={chosen}
        onChoose={setChosen}
      >
        <Body form={chosen} {...content} />
      </Tabs>
      {mail !== null && mail.files.length > 0 && <FileList files={mail.files} />}
      <div class="actions">
        <button type="button" class="button small" onClick={() => saveFile(`${id}.eml`, source)}>
          <Icon name="download" />
          {t("content.saveMail")}
        </button>
      </div>
    </>
  );
};

/** The mail itself: formatted, as text and as it goes out, with its attachments. */
export const Preview = ({ id }: { readonly id: string }) => {
  const content = useRemote(`content ${id}`, (signal) => read(id, signal));
  return <RemoteView handle={content}>{(value) => <Forms id={id} content={value} />}</RemoteView>;
};
