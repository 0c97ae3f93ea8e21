/**
 * Starts the portal: reads which modules there are and who is signed in, lays the pages out, and keeps every application apart
 * from the others. The frame itself (landmarks, skip link) stands in index.html.
 */
import { address, followModules, language, loadPortal, loadSession, loadSites, portal, ProblemError, session } from '@dcp/api-service';
import { registerApplication, start } from 'single-spa';
import { constructApplications, constructLayoutEngine, constructRoutes } from 'single-spa-layout';
import { keepDoor, nowhere } from './doorkeeper';
import { followHeading } from './focus';
import { Guard } from './guard';
import { layoutOf } from './layout';
import { showMessages } from './messages';
import { draw } from './panel';
import { t } from './texts';
import { offerUpgrades } from './upgrade';

const guards = new Map<string, Guard>();

function guardOf(name: string): Guard {
  const found = guards.get(name) ?? new Guard(name);
  guards.set(name, found);
  return found;
}

/** Reads what nothing can start without; on failure says so and waits for Retry. */
async function begin(): Promise<void> {
  for (;;) {
    try {
      await Promise.all([loadPortal(), loadSession()]);
      return;
    } catch (error) {
      await failed(ProblemError.from(error));
    }
  }
}

function failed(problem: ProblemError): Promise<void> {
  return new Promise((again) => {
    const main = document.getElementById('main');
    const text = problem.module === 'login' ? t('loginDown') : (problem.detail ?? '');
    const run = (): void => {
      main?.replaceChildren();
      again();
    };
    main?.replaceChildren(
      draw({ kind: 'error', title: t('portalTitle'), text, cause: problem.message, button: { label: t('retry'), run } }),
    );
  });
}

/** What every signed-in user needs: the sites, and news of modules starting and stopping. */
function accompanySession(): void {
  let end: (() => void) | undefined;
  const look = (): void => {
    if (session.value && !end) {
      end = followModules();
      void loadSites().catch(() => undefined);
    } else if (!session.value && end) {
      end();
      end = undefined;
    }
  };
  session.subscribe(look);
  look();
}

/** A page that no module has. */
function sayNowhere(): void {
  let shown: HTMLElement | undefined;
  const look = (): void => {
    shown?.remove();
    shown = undefined;
    if (!nowhere()) return;
    const link = { label: t('home'), href: '/' };
    shown = draw({ kind: 'warning', title: t('notFoundTitle'), text: t('notFoundText', { path: address.value.path }), link });
    document.getElementById('main')?.append(shown);
  };
  for (const store of [address, portal, session, language]) store.subscribe(look);
  look();
}

showMessages();
await begin();
keepDoor();
accompanySession();
followHeading();

const found = portal.value;
if (found) {
  const routes = constructRoutes(layoutOf(found));
  const applications = constructApplications({ routes, loadApp: ({ name }) => Promise.resolve(guardOf(name).lifecycles) });
  const engine = constructLayoutEngine({ routes, applications, active: false });
  applications.forEach(registerApplication);
  const chrome = (name: string, frame: string, activeWhen: () => boolean): void => {
    const guard = new Guard(name, frame);
    guards.set(name, guard);
    registerApplication({ name, app: () => Promise.resolve(guard.lifecycles), activeWhen });
  };
  chrome('@dcp/top-navigation', 'top', () => !location.pathname.startsWith('/login'));
  chrome('@dcp/side-menu', 'menu', () => location.pathname.startsWith('/app/'));
  engine.activate();
  start({ urlRerouteOnly: true });
  sayNowhere();
  offerUpgrades(guards);
}
