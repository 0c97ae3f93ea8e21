/** Signing in, activating an account, changing the password. */
import { angularLifecycles } from '@dcp/adapter';
import { LoginPage } from './login-page';

export const { bootstrap, mount, unmount } = angularLifecycles(LoginPage);
