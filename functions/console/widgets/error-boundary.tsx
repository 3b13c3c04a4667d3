import type { ComponentChildren } from "preact";
import { useEffect, useErrorBoundary } from "preact/hooks";
import { t } from "../state/language.ts";
import { Notice } from "./notice.tsx";
import { Page } from "./page.tsx";

interface Props {
  /** A change of path resets the error. */
  readonly path: string;
  readonly children: ComponentChildren;
}

/** If a page crashes, keeps the frame, says so and offers to reload; the browser's console has the details. */
export const ErrorBoundary = ({ path, children }: Props) => {
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
