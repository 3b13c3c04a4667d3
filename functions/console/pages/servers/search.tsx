import { useLocation } from "preact-iso/router";
import type { MailServer } from "../../api/types.ts";
import { t } from "../../state/language.ts";
import { Field } from "../../widgets/field.tsx";

/** Folds case and accents, both in what a person types and in what is searched. */
const fold = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

export const matching = (servers: readonly MailServer[], wanted: string): readonly MailServer[] =>
  servers.filter(({ name, username, description, fromFilter }) =>
    fold([name, username, description, ...fromFilter].join("\n")).includes(fold(wanted.trim())),
  );

/** The URL holds the search, so that it can be bookmarked and shared. */
export const Search = ({ wanted }: { readonly wanted: string }) => {
  const { route } = useLocation();
  const search = (text: string) =>
    route(text === "" ? "/servers" : `/servers?${new URLSearchParams({ q: text })}`, true);
  return (
    <search>
      <Field label={t("servers.search")} hint={t("servers.searchHint")}>
        {(control) => (
          <input
            {...control}
            type="search"
            spellcheck={false}
            value={wanted}
            onInput={(e) => search(e.currentTarget.value)}
          />
        )}
      </Field>
    </search>
  );
};
