import { ProblemError } from '@dcp/api-service';
import { server } from '../model';

/** The module that keeps passwords hears of a new user by an event; until it has, there is no account to activate. */
const TRIES = 12;
const PAUSE_MS = 500;

/** A code that activates the account, also of a user made a moment ago. */
export async function activationOf(user: string): Promise<{ code: string; expires_at: string }> {
  for (let left = TRIES; ; left--) {
    try {
      return await server.activation(user);
    } catch (error) {
      if (left <= 1 || ProblemError.from(error).status !== 404) throw error;
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }
}
