import "@shared/styles/tokens.css";
import "@shared/styles/base.css";
import "@shared/styles/ui.css";
import "./console.css";
import { start } from "@shared/start";
import { App } from "./app";

void start(<App />);
