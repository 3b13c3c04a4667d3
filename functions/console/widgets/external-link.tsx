import type { ComponentChildren } from "preact";
import { t } from "../state/language.ts";
import { Icon } from "./icon.tsx";

/** A page of another site, in a new tab so that the steps stay in view; says so to those who cannot see it. */
export const ExternalLink = ({ href, children }: { readonly href: string; readonly children: ComponentChildren }) => (
  <a class="button" href={href} target="_blank" rel="noreferrer">
    {children}
    <Icon name="external" />
    <span class="visually-hidden">{t("link.newTab")}</span>
  </a>
);
