import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import type { Api } from "../api/client";
import type { Config } from "../config";
import { useCommon } from "../i18n/common";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import type { Session, User } from "./session";

/** What every page has: the deployment, who has signed in, and the API. */
export interface Shop {
  readonly config: Config;
  readonly session: Session;
  readonly api: Api;
}

const Context = createContext<Shop | null>(null);

export function ShopProvider({ shop, children }: { shop: Shop; children: ReactNode }) {
  return (
    <Context value={shop}>
      {children}
      <Ended session={shop.session} />
    </Context>
  );
}

export function useShop(): Shop {
  const shop = useContext(Context);
  if (shop === null) throw new Error("there is no ShopProvider around this");
  return shop;
}

export function useApi(): Api {
  return useShop().api;
}

export function useUser(): User | null {
  return useShop().session.user;
}

/** Says that the session has ended, and leads through the hosted page and back to where the reader is. */
function Ended({ session }: { session: Session }) {
  const { session: words } = useCommon();
  const [ended, setEnded] = useState(false);
  useEffect(() => session.onEnd(() => setEnded(true)), [session]);
  if (session.user === null) return null;
  return (
    <Dialog title={words.endedTitle} open={ended} onClose={() => setEnded(false)} mustAnswer>
      <p>{words.ended}</p>
      <div className="row end">
        <Button look="primary" autoFocus onPress={() => void session.signIn()}>
          {words.signInAgain}
        </Button>
      </div>
    </Dialog>
  );
}
