import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../state/language.ts";

/** False until the first page is shown: the browser sets the focus there; on later pages it moves to the heading. */
let arrived = false;

interface Props {
  readonly title: string;
  /** Which part of several, for the browser's history. */
  readonly part?: string | undefined;
  readonly back?: { readonly href: string; readonly label: string };
  readonly lead?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

export const Page = ({ title, part, back, lead, actions, children }: Props) => {
  const heading = useRef<HTMLHeadingElement>(null);
  // Before the focus moves, so that a screen reader announces the new title.
  useLayoutEffect(() => {
    document.title = [title, part, "Relais"].filter((text) => text !== undefined).join(" · ");
  }, [title, part]);
  useLayoutEffect(() => {
    if (arrived) heading.current?.focus();
    arrived = true;
  }, []);
  return (
    <>
      <header class="page-head">
        {back && (
          <a class="back" href={back.href}>
            <span aria-hidden="true">←</span> {back.label}
          </a>
        )}
        <div class="page-title">
          <div>
            <h1 ref={heading} tabIndex={-1}>
              {title}
            </h1>
            {lead && <p class="lead">{lead}</p>}
          </div>
          {actions && <div class="actions">{actions}</div>}
        </div>
      </header>
      {children}
    </>
  );
};

export const NotFoundPage = () => (
  <Page title={t("notFound.title")} lead={t("notFound.text")}>
    <p>
      <a href="/">{t("notFound.home")}</a>
    </p>
  </Page>
);
