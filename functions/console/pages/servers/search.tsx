import { useLocation } from "preact-iso/router";
import type { MailServer } from "../../api/types.ts";
import { t } from "../../state/language.ts";
import { Field } from "../../widgets/field.tsx";

/** What a person types, and what it is looked for in: without case and accents. */
const folded = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

export const matching = (servers: readonly MailServer[], wanted: string): readonly MailServer[] =>
  servers.filter(({ name, username, description, fromFilter }) =>
    folded([name, username, description, ...fromFilter].join("\n")).includes(folded(wanted.trim())),
  );

/** The address holds the search, so that it can be kept, shared and come back to. */
export const Search = ({ wanted }: { readonly wanted: string }) => {
  const { route } = useLocation();
  const look = (text: string) => route(text === "" ? "/servers" : `/servers?${new URLSearchParams({ q: text })}`, true);
  return (
    <search>
      <Field label={t("servers.search")} hint={t("servers.searchHint")}>
        {(control) => (
          <input
            {...control}
            type="search"
            spellcheck={false}
            value={wanted}
            onInput={(e) => look(e.currentTarget.value)}
          />
        )}
      </Field>
    </search>
  );
};
