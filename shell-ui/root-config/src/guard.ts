import { address, language, loadPortal, portal, session, sites } from '@dcp/api-service';
import type { Lifecycles, Props } from './lifecycles';
import { obstacle, titleOf } from './obstacle';
import { draw, type Panel } from './panel';
import { t } from './texts';

/** Below this no one notices a wait; above, the page says that it is loading. */
const SAY_LOADING_MS = 300;
/** After this long the page offers to try again. */
const SAY_SLOW_MS = 10_000;
/** An application that does not unmount in this time is left behind. */
const UNMOUNT_MS = 3000;

/**
 * Stands between single-spa and an application, so that nothing an application does (missing file, wrong digest, exception, never
 * answering) reaches the rest of the portal: single-spa itself would give the application up for the life of the page. Shows why a
 * page is not there, and brings it back by itself when the reason is gone.
 */
export class Guard {
  private app: Lifecycles | undefined;
  private booted = false;
  private props: Props | undefined;
  private mounted = false;
  /** Counts changes of mind: work that finds another number is stale. */
  private turn = 0;
  private said = '';
  private readonly endings: (() => void)[] = [];

  constructor(
    private readonly name: string,
    /** Element of the frame that holds the application, when the layout does not make one. */
    private readonly frame?: string,
  ) {}

  /** What single-spa registers; it calls the functions without their object. */
  readonly lifecycles: Lifecycles = {
    bootstrap: () => Promise.resolve(),
    mount: (props) => this.mount(props),
    unmount: () => this.unmount(),
  };

  /** Answers at once: how long an application takes is not single-spa's concern. */
  private mount(props: Props): Promise<void> {
    this.props = props;
    this.said = '';
    const look = (): void => void this.look();
    this.endings.push(...[portal, session, sites, address, language].map((store) => store.subscribe(look)));
    look();
    return Promise.resolve();
  }

  private async unmount(): Promise<void> {
    this.endings.splice(0).forEach((end) => end());
    await this.takeDown();
    this.props = undefined;
  }

  /** Brings what is shown in line with what is true now. */
  private async look(): Promise<void> {
    // without a session only the door is open
    if (!this.props || (!session.value && this.name !== '@dcp/login')) return;
    const hindrance = this.frame === undefined ? obstacle(this.name, () => this.again()) : undefined;
    if (hindrance) {
      const says = JSON.stringify(hindrance);
      if (says === this.said) return;
      await this.takeDown();
      this.say(hindrance);
    } else if (!this.mounted && this.said !== 'trying' && this.said !== 'failed') {
      await this.bringUp();
    }
  }

  /** Retry: looks at the platform again, then loads the application anew. */
  private again(): void {
    this.said = '';
    void loadPortal()
      .catch(() => undefined)
      .then(() => this.look());
  }

  private async bringUp(): Promise<void> {
    const mine = ++this.turn;
    this.said = 'trying';
    const timers = this.sayWaiting(mine);
    try {
      const app = await this.load();
      if (mine !== this.turn || !this.props) return;
      this.clear();
      if (!this.booted) await app.bootstrap(this.props);
      this.booted = true;
      await app.mount(this.props);
      this.mounted = true;
      if (mine !== this.turn) await this.takeDown();
    } catch (error) {
      if (mine !== this.turn) return;
      this.said = 'failed';
      console.error(`${this.name} could not be started`, error);
      this.show(this.failure(error));
    } finally {
      timers.forEach(clearTimeout);
    }
  }

  private async load(): Promise<Lifecycles> {
    if (this.app) return this.app;
    try {
      const found = await System.import<Lifecycles>(this.name);
      if (typeof found.mount !== 'function') throw new Error(`${this.name} exports no mount`);
      return (this.app = found);
    } catch (error) {
      // SystemJS remembers failures
      System.delete(System.resolve(this.name));
      throw error;
    }
  }

  private failure(error: unknown): Panel {
    const places = { title: titleOf(this.name) };
    const cause = t('cause', { cause: error instanceof Error ? error.message : String(error) });
    const button = { label: t('retry'), run: () => this.again() };
    return { kind: 'error', title: t('failedTitle', places), text: t('failedText'), cause, module: this.name.replace('@dcp/', ''), button };
  }

  private sayWaiting(mine: number): ReturnType<typeof setTimeout>[] {
    const places = { title: titleOf(this.name) };
    const say = (panel: Panel) => () => {
      if (mine === this.turn && !this.mounted) this.show(panel);
    };
    const button = { label: t('retry'), run: () => this.again() };
    return [
      setTimeout(say({ kind: 'loading', title: t('loading', places), text: '' }), SAY_LOADING_MS),
      setTimeout(say({ kind: 'loading', title: t('loading', places), text: t('slow', places), button }), SAY_SLOW_MS),
    ];
  }

  private async takeDown(): Promise<void> {
    this.turn++;
    const props = this.props;
    if (this.mounted && props && this.app) {
      this.mounted = false;
      const patience = new Promise<void>((done) => setTimeout(done, UNMOUNT_MS));
      await Promise.race([this.app.unmount(props), patience]).catch((error: unknown) =>
        console.error(`${this.name} did not unmount`, error),
      );
    }
    this.clear();
  }

  private say(panel: Panel): void {
    this.said = JSON.stringify(panel);
    this.show(panel);
  }

  private show(panel: Panel): void {
    this.box()?.replaceChildren(draw(panel));
  }

  private clear(): void {
    this.box()?.replaceChildren();
  }

  private box(): HTMLElement | null {
    const id = `single-spa-application:${this.name}`;
    const frame = this.frame === undefined ? null : document.getElementById(this.frame);
    // single-spa-layout takes the elements of inactive applications away
    if (frame && !document.getElementById(id)) frame.append(Object.assign(document.createElement('div'), { id }));
    return document.getElementById(id);
  }

  /** Forgets the loaded code, so that the next mount takes the version in the import map. */
  forget(): void {
    this.app = undefined;
    this.booted = false;
  }

  /** Takes the new version now, when its page is on show. */
  async renew(): Promise<void> {
    await this.takeDown();
    this.forget();
    this.said = '';
    await this.look();
  }
}
