import type { ComponentChildren } from "preact";
import { useEffect, useErrorBoundary } from "preact/hooks";
import { t } from "../state/language.ts";
import { Notice } from "./notice.tsx";
import { Page } from "./page.tsx";

interface Props {
  /** Another page is another chance. */
  readonly path: string;
  readonly children: ComponentChildren;
}

/** A defect of one page leaves the frame standing, says so, and offers what usually helps; the browser's own log has the rest. */
export const Guard = ({ path, children }: Props) => {
  const [error, reset] = useErrorBoundary((defect: unknown) => reportError(defect));
  useEffect(() => {
    if (error !== undefined) reset();
  }, [path]);
  if (error === undefined) return <>{children}</>;
  return (
    <Page title={t("defect.title")}>
      <Notice
        tone="bad"
        title={t("defect.what")}
        actions={
          <button type="button" class="button" onClick={() => location.reload()}>
            {t("defect.reload")}
          </button>
        }
      >
        <p>{t("defect.advice")}</p>
      </Notice>
    </Page>
  );
};
