/** What `npm run faults` decides for all of its tests: see main.ts. Without it each test does a short part. */

/** Everything that is drawn by lot follows from it. */
export const SEED = Number(process.env.FAULTS_SEED ?? Date.now() % 2 ** 31);

/** Moments at which the server is killed. */
export const POINTS = Number(process.env.FAULTS_POINTS ?? 6);

/** How often each other fault happens. */
export const ROUNDS = Number(process.env.FAULTS_ROUNDS ?? 1);
