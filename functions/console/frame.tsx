import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { THIS_BUILD, UNKNOWN_COMMIT } from "../domain/build.ts";
import { LANGUAGES, languageName } from "../domain/language.ts";
import { DOCS_PATHS } from "../reference/docs-paths.ts";
import type { TextKey } from "./i18n/translate.ts";
import { chooseLanguage, language, t } from "./state/language.ts";
import { closeSession } from "./state/session.ts";
import { isOperator, session } from "./state/session-signal.ts";
import { chooseTheme, THEMES, theme } from "./state/theme.ts";
import { useFocusKept } from "./widgets/focus-kept.ts";
import { Icon, type IconName } from "./widgets/icon.tsx";

interface Entry {
  readonly href: string;
  readonly label: TextKey & `nav.${string}`;
  readonly icon: IconName;
  readonly operator?: true;
  /** Another page that it stands for. */
  readonly also?: string;
}

const ENTRIES: readonly Entry[] = [
  { href: "/", label: "nav.home", icon: "home" },
  { href: "/messages", label: "nav.messages", icon: "mail" },
  { href: "/servers", label: "nav.servers", icon: "server" },
  { href: "/keys", label: "nav.keys", icon: "key", operator: true },
  { href: "/setup", label: "nav.setup", icon: "steps", operator: true },
  { href: "/operations", label: "nav.operations", icon: "list", operator: true, also: "/audit" },
  { href: "/settings", label: "nav.settings", icon: "gear", operator: true },
];

const isCurrent = (path: string, href: string): boolean =>
  href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`);

const Navigation = ({ path }: { readonly path: string }) => (
  <nav aria-label={t("nav.label")}>
    <ul>
      {ENTRIES.filter((entry) => entry.operator === undefined || isOperator()).map(({ href, label, icon, also }) => (
        <li key={href}>
          <a href={href} aria-current={isCurrent(path, href) || path === also ? "page" : undefined}>
            <Icon name={icon} />
            {t(label)}
          </a>
        </li>
      ))}
    </ul>
  </nav>
);

const LanguageSwitch = () => (
  <fieldset class="switch languages">
    <legend class="visually-hidden">{t("nav.language")}</legend>
    {LANGUAGES.map((one) => (
      <button
        key={one}
        type="button"
        lang={one}
        class="quiet"
        aria-pressed={language.value === one}
        onClick={() => chooseLanguage(one)}
      >
        {languageName(one)}
      </button>
    ))}
  </fieldset>
);

/** The scheme of the system, or one of the two whatever the system says. */
const ThemeSwitch = () => (
  <fieldset class="switch">
    <legend class="visually-hidden">{t("nav.theme")}</legend>
    {THEMES.map((one) => (
      <button
        key={one}
        type="button"
        class="quiet"
        aria-label={t(`theme.${one}`)}
        title={t(`theme.${one}`)}
        aria-pressed={theme.value === one}
        onClick={() => chooseTheme(one)}
      >
        <Icon name={one} />
      </button>
    ))}
  </fieldset>
);

const SignedInAs = () => {
  if (session.value.kind !== "signed_in") return null;
  const { actor } = session.value.session;
  return (
    <div class="who">
      <span class="who-name">{actor === "setup-token" ? t("session.setupUser") : actor}</span>
      <button type="button" class="quiet" onClick={() => void closeSession()}>
        {t("session.signOut")}
      </button>
    </div>
  );
};

/** As many digits of a commit as git shows where it abbreviates one in a large repository. */
const SHORT_COMMIT = 12;

const RunningVersion = () => {
  const { version, commit } = THIS_BUILD;
  const short = commit.replace(/^[0-9a-f]{40,64}/, (id) => id.slice(0, SHORT_COMMIT));
  return (
    <span class="version" title={commit === UNKNOWN_COMMIT ? undefined : commit}>
      {t("version.running", { version: commit === UNKNOWN_COMMIT ? version : `${version} · ${short}` })}
    </span>
  );
};

/** The skip link, navigation and main region around every page. */
export const Frame = ({ children }: { readonly children: ComponentChildren }) => {
  const { path } = useLocation();
  const [open, setOpen] = useState(false);
  useFocusKept();
  useEffect(() => setOpen(false), [path]);
  const signedIn = session.value.kind === "signed_in" && path !== "/sign-in";
  return (
    <div class={signedIn ? "frame" : "frame bare"}>
      <a class="skip" href="#main">
        {t("nav.skip")}
      </a>
      <header class="side">
        <div class="side-inner">
          <div class="brand-row">
            <a class="brand" href="/">
              <img src="/icon.svg" alt="" width="28" height="28" /> Relais
            </a>
            {signedIn && (
              <button
                type="button"
                class="button menu-button"
                aria-expanded={open}
                aria-controls="menu"
                onClick={() => setOpen(!open)}
              >
                {t("nav.menu")}
              </button>
            )}
          </div>
          <div class={open ? "side-body open" : "side-body"} id="menu">
            {signedIn && <Navigation path={path} />}
            <div class="side-foot">
              <SignedInAs />
              <div class="switches">
                <LanguageSwitch />
                <ThemeSwitch />
              </div>
              {signedIn && (
                <div class="side-links">
                  <a href={DOCS_PATHS[language.value]}>{t("nav.docs")}</a>
                  <RunningVersion />
                </div>
              )}
            </div>
          </div>
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
};
