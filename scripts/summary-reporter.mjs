/**
 * A vitest reporter that ends with the tests that were skipped, with their reasons, and with `N passed, N failed`
 * alone on the last line (`, N skipped` follows where there are some).
 */
export default class SummaryReporter {
  counts = { passed: 0, failed: 0, skipped: 0 };
  reasons = [];

  onTestCaseResult(testCase) {
    const { state, note } = testCase.result();
    this.counts[state] += 1;
    if (state === 'skipped')
      this.reasons.push(`skipped: ${testCase.fullName} (${note ?? 'no reason given'})`);
  }

  onTestRunEnd(modules, unhandledErrors) {
    const broken = modules.filter((module) => module.errors().length > 0).length + unhandledErrors.length;
    // Vitest's own summary comes first.
    process.once('exit', () => {
      const { passed, failed, skipped } = this.counts;
      for (const reason of this.reasons) console.log(reason);
      console.log(`${passed} passed, ${failed + broken} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
    });
  }
}
