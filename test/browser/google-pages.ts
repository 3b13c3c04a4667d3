import type { Page } from "playwright-core";

interface Choices {
  /** The account to choose on Google's page. */
  readonly account: string;
  /** Leave the Gmail permission unchecked. */
  readonly uncheck?: true;
}

/** Walks through the sandbox's consent as a person does: account, "app not verified" if shown, permissions if asked. */
export const consentOnPage = async (page: Page, { account, uncheck }: Choices): Promise<void> => {
  await page.locator(`button[name="account"][value="${account}"]`).click();
  const stepAfter = async (step: string): Promise<string | null> => {
    const body = page.locator(`body:not([data-step="${step}"])`);
    await body.waitFor();
    return body.getAttribute("data-step");
  };
  let step = await stepAfter("account");
  if (step === "unverified") {
    await page.locator('button[value="continue"]').click();
    step = await stepAfter("unverified");
  }
  if (step !== "scopes") return;
  if (uncheck) await page.getByRole("checkbox").first().uncheck();
  await page.locator('button[value="allow"]').click();
};
