import { number, t } from "../../state/language.ts";

const SHOWN = 10;

/** A message has up to a hundred recipients: shows the first few and folds the others away. */
export const Addresses = ({ addresses }: { readonly addresses: readonly string[] }) => {
  if (addresses.length <= SHOWN + 1) return <>{addresses.join(", ")}</>;
  const rest = addresses.slice(SHOWN);
  return (
    <>
      {addresses.slice(0, SHOWN).join(", ")}
      <details>
        <summary>{t("message.moreAddresses", { count: number(rest.length) })}</summary>
        <p>{rest.join(", ")}</p>
      </details>
    </>
  );
};
