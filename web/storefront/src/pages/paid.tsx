import { Loading } from "@shared/ui/states";
import { Navigate } from "react-router";
import { CAME_BACK, orderBeingPaid } from "../parts/paying";

/**
 * Where a provider sends the shopper back to (the deployment's `return`). What stands in the address is believed by
 * nobody: the order says whether it is paid.
 */
export default function Paid() {
  const orderId = orderBeingPaid();
  return (
    <>
      <Loading />
      <Navigate replace to={orderId === null ? "/orders" : `/orders/${orderId}`} state={CAME_BACK} />
    </>
  );
}
