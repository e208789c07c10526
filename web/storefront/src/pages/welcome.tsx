import { useCommon } from "@shared/i18n/common";
import { useShop } from "@shared/session/context";
import { Notice, PageHead } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { Icon } from "@shared/ui/icon";
import { useTexts } from "../messages/texts";

/** What a stranger sees: what membership gives, and the two ways in. */
export function Welcome() {
  const { session } = useShop();
  const { session: words } = useCommon();
  const { welcome: texts, name } = useTexts();
  return (
    <div className="welcome">
      <p className="shop-name">{name}</p>
      <PageHead title={texts.title} under={texts.lead} />
      {session.problem !== null && <Notice tone="bad" head={words.problems[session.problem]} />}
      <div className="row">
        <Button look="primary" onPress={() => void session.signUp()}>
          {words.signUp}
        </Button>
        <Button onPress={() => void session.signIn()}>{words.signIn}</Button>
      </div>
      <ul className="gives">
        <li>
          <Icon name="tag" /> {texts.day}
        </li>
        <li>
          <Icon name="ticket" /> {texts.birthday}
        </li>
        <li>
          <Icon name="chart" /> {texts.points}
        </li>
      </ul>
    </div>
  );
}
