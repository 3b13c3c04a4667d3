import { t } from "../../state/language.ts";

const TABS = [
  { name: "overview", href: "/operations", label: "operations.overview" },
  { name: "audit", href: "/audit", label: "audit.title" },
] as const;

/** Leads between the pages of the operations; each has an address of its own. */
export const OperationsTabs = ({ current }: { readonly current: (typeof TABS)[number]["name"] }) => (
  <nav class="tabs" aria-label={t("nav.operations")}>
    {TABS.map(({ name, href, label }) => (
      <a key={name} href={href} aria-current={name === current ? "page" : undefined}>
        {t(label)}
      </a>
    ))}
  </nav>
);
