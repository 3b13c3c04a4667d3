import { useMemo, useRef, useState } from "preact/hooks";
import { number, t } from "../../../state/language.ts";
import type { MailFile } from "./mail.ts";
import { type Rendered, renderHtml } from "./safe-html.ts";

/** Longer html is no letter any more, and would hold up the page. */
const MOST_CHARACTERS = 1_000_000;
/** Of a picture within the mail. */
const MOST_BYTES = 5_000_000;

const readAsUrl = (file: MailFile): Promise<string> =>
  new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => resolve("");
    reader.readAsDataURL(new Blob([file.bytes], { type: file.type }));
  });

/** The pictures that the html shows by their Content-ID. */
const readPictures = async (html: string, files: readonly MailFile[]): Promise<ReadonlyMap<string, string>> => {
  const shown = files.filter(
    ({ cid, type, bytes }) =>
      cid !== null && type.startsWith("image/") && bytes.length <= MOST_BYTES && html.includes(cid),
  );
  return new Map(await Promise.all(shown.map(async (file) => [file.cid ?? "", await readAsUrl(file)] as const)));
};

interface Props {
  readonly html: string;
  readonly files: readonly MailFile[];
}

/**
 * The mail as its reader sees it, in a frame that runs no script. The frame needs our origin only so that this page can
 * write into it: what it holds is built by `renderHtml`, and the page's policy loads nothing for it.
 */
export const HtmlView = ({ html, files }: Props) => {
  const frame = useRef<HTMLIFrameElement>(null);
  const [rendered, setRendered] = useState<Rendered | null>(null);
  const pictures = useMemo(() => readPictures(html, files), [html, files]);
  const render = async () => {
    const urls = await pictures;
    const target = frame.current?.contentDocument;
    if (!target) return;
    const part = html.slice(0, MOST_CHARACTERS);
    const done = renderHtml(part, target, { urlOf: (cid) => urls.get(cid) });
    setRendered({ ...done, whole: done.whole && part.length === html.length });
  };
  return (
    <>
      <iframe
        ref={frame}
        class="mail"
        title={t("content.frame")}
        sandbox="allow-same-origin"
        srcdoc="<!doctype html><title>-</title>"
        onLoad={() => void render()}
      />
      {rendered && rendered.remote > 0 && <p class="hint">{t("content.remote", { count: number(rendered.remote) })}</p>}
      {rendered?.whole === false && <p class="hint">{t("content.cut")}</p>}
    </>
  );
};
