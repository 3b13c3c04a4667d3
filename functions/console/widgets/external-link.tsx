import type { ComponentChildren } from "preact";
import { t } from "../state/language.ts";
import { Icon } from "./icon.tsx";

/** Opens another site in a new tab, so that the steps stay visible, and says so to screen readers. */
export const ExternalLink = ({ href, children }: { readonly href: string; readonly children: ComponentChildren }) => (
  <a class="button" href={href} target="_blank" rel="noreferrer">
    {children}
    <Icon name="external" />
    <span class="visually-hidden">{t("link.newTab")}</span>
  </a>
);
