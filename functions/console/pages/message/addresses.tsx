import { number, t } from "../../state/language.ts";

const SHOWN = 10;

/** Up to a hundred of them: the first are shown, the rest can be looked up. */
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
