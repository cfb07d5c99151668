import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@fontsource-variable/figtree/wght.css";
import "@fontsource-variable/fraunces/wght.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./kit/kit.css";
import { App } from "./App";
import { Language } from "./text";

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Language>
      <App />
    </Language>
  </StrictMode>,
);
