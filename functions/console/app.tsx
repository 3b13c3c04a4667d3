import { useEffect } from "preact/hooks";
import { LocationProvider, Route, Router, useLocation } from "preact-iso/router";
import { Frame } from "./frame.tsx";
import { AuditPage } from "./pages/audit.tsx";
import { HomePage } from "./pages/home.tsx";
import { MessagePage } from "./pages/message.tsx";
import { MessagesPage } from "./pages/messages.tsx";
import { NewServerPage } from "./pages/new-server.tsx";
import { OperatorsOnlyPage } from "./pages/operators-only.tsx";
import { NeedsBanner } from "./pages/server/needs-banner.tsx";
import { ServerPage } from "./pages/server.tsx";
import { ServersPage } from "./pages/servers.tsx";
import { SettingsPage } from "./pages/settings.tsx";
import { SetupPage } from "./pages/setup.tsx";
import { SignInPage } from "./pages/sign-in.tsx";
import { signInPath } from "./routing/next.ts";
import { readSession } from "./state/session.ts";
import { session } from "./state/session-signal.ts";
import { Guard } from "./widgets/defect.tsx";
import { ProblemNotice } from "./widgets/notice.tsx";
import { NotFoundPage } from "./widgets/page.tsx";
import { Loading } from "./widgets/remote-view.tsx";

/** What only operators may call on the API; a member who types the address is told so, and whom to ask. */
const OPERATOR_PAGES = [
  { path: "/setup", component: SetupPage },
  { path: "/servers/new", component: NewServerPage },
  { path: "/settings", component: SettingsPage },
  { path: "/audit", component: AuditPage },
] as const;

const Pages = ({ operator }: { readonly operator: boolean }) => (
  <Router>
    <Route path="/" component={HomePage} />
    {OPERATOR_PAGES.map(({ path, component }) => (
      <Route key={path} path={path} component={operator ? component : OperatorsOnlyPage} />
    ))}
    <Route path="/servers" component={ServersPage} />
    <Route path="/servers/:id" component={ServerPage} />
    <Route path="/messages" component={MessagesPage} />
    <Route path="/messages/:id" component={MessagePage} />
    <Route default component={NotFoundPage} />
  </Router>
);

/** Nothing but the sign-in page stands without a session; whoever had one and lost it comes back to where they were. */
const Gate = () => {
  const { path, url, route } = useLocation();
  const state = session.value;
  const onSignIn = path === "/sign-in";
  useEffect(() => {
    if (state.kind === "signed_out" && !onSignIn) route(signInPath(url), true);
  }, [state.kind, onSignIn, url]);
  if (state.kind === "asking") return <Loading />;
  if (state.kind === "failed") return <ProblemNotice failure={state.failure} retry={() => void readSession()} />;
  if (onSignIn) return <SignInPage />;
  if (state.kind !== "signed_in") return <Loading />;
  return (
    <Guard path={path}>
      <NeedsBanner path={path} />
      <Pages operator={state.session.role === "operator"} />
    </Guard>
  );
};

/** Links to the API's own pages are for the browser, not for the router. */
const OWN_PATHS = /^\/(?!google_gmail\/|v1\/)/;

export const App = () => (
  <LocationProvider scope={OWN_PATHS}>
    <Frame>
      <Gate />
    </Frame>
  </LocationProvider>
);
