/** The storefront: who may see what, and where each page is. */
import { useCommon } from "@shared/i18n/common";
import { useShop, useUser } from "@shared/session/context";
import { Button } from "@shared/ui/button";
import { Icon } from "@shared/ui/icon";
import { Settings } from "@shared/ui/settings";
import { Failure, Loading, NotFound } from "@shared/ui/states";
import { lazy, type ReactNode, Suspense } from "react";
import { Link, NavLink, Route, Routes } from "react-router";
import { useCart } from "./cart";
import { useTexts } from "./messages/texts";
import { Home } from "./pages/home";
import { Welcome } from "./pages/welcome";
import { useMember } from "./shop";

const Register = lazy(() => import("./pages/register"));
const Product = lazy(() => import("./pages/product"));
const CartPage = lazy(() => import("./pages/cart"));
const Orders = lazy(() => import("./pages/orders"));
const Order = lazy(() => import("./pages/order"));
const Paid = lazy(() => import("./pages/paid"));
const Cases = lazy(() => import("./pages/cases"));
const OneCase = lazy(async () => ({ default: (await import("./pages/cases")).OneCase }));
const Points = lazy(() => import("./pages/points"));
const Coupons = lazy(() => import("./pages/coupons"));
const Me = lazy(() => import("./pages/me"));

export function App() {
  const user = useUser();
  return (
    <Frame>
      {user === null ? (
        <Welcome />
      ) : (
        <Registered>
          <Suspense fallback={<Loading tall />}>
            <Routes>
              <Route path="/" element={<Home />} />
              <Route path="/products/:sku" element={<Product />} />
              <Route path="/cart" element={<CartPage />} />
              <Route path="/orders" element={<Orders />} />
              <Route path="/orders/:orderId" element={<Order />} />
              <Route path="/paid" element={<Paid />} />
              <Route path="/cases" element={<Cases />} />
              <Route path="/cases/:caseId" element={<OneCase />} />
              <Route path="/points" element={<Points />} />
              <Route path="/coupons" element={<Coupons />} />
              <Route path="/me" element={<Me />} />
              <Route path="*" element={<NotFound />} />
            </Routes>
          </Suspense>
        </Registered>
      )}
    </Frame>
  );
}

/** Everything but the registration is for members: somebody new fills that in first. */
function Registered({ children }: { children: ReactNode }) {
  const { member, error, refetch } = useMember();
  if (member === null)
    return (
      <Suspense fallback={<Loading tall />}>
        <Register />
      </Suspense>
    );
  if (member !== undefined) return children;
  return error === null ? <Loading tall /> : <Failure error={error} again={() => void refetch()} />;
}

function Frame({ children }: { children: ReactNode }) {
  const { ui, session: words } = useCommon();
  const { session } = useShop();
  const user = useUser();
  return (
    <>
      <a className="skip" href="#content">
        {ui.skip}
      </a>
      {user !== null && <Head />}
      <main id="content" tabIndex={-1} className={user === null ? "stranger" : "page"}>
        {children}
      </main>
      <footer className="foot">
        <Settings />
        {user !== null && (
          <Button small onPress={() => session.signOut()}>
            {words.signOut}
          </Button>
        )}
      </footer>
    </>
  );
}

function Head() {
  const texts = useTexts();
  const { units } = useCart();
  const places = [
    ["/orders", texts.pages.orders],
    ["/cases", texts.pages.cases],
    ["/points", texts.pages.points],
    ["/coupons", texts.pages.coupons],
    ["/me", texts.pages.me],
  ] as const;
  return (
    <header className="top">
      <div className="inside">
        <Link to="/" className="shop-name">
          {texts.name}
        </Link>
        <nav aria-label={texts.nav}>
          <ul>
            {places.map(([to, title]) => (
              <li key={to}>
                <NavLink to={to}>{title}</NavLink>
              </li>
            ))}
          </ul>
        </nav>
        <NavLink to="/cart" className="cart-link">
          <Icon name="cart" />
          <span>{texts.pages.cart}</span>
          {units > 0 && <span className="badge accent numbers">{units}</span>}
        </NavLink>
      </div>
    </header>
  );
}
