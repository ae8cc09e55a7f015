"""Reference values for DetectionFiguresTests.cs: scikit-learn for rankings, and the definitions of range-aware figures and of the volume under the
surface, written plainly in numpy (every threshold and every width by itself, no cumulative sums).

Run with: python3 series_figures.py        (written with numpy 1.24.2, scikit-learn 1.2.1)
"""
import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score


def series(steps, runs, lift, levels):
    """Scores from a linear congruential generator, lifted inside and just behind the runs, rounded to a number of levels so that there are ties."""
    state, scores, truth = 1, np.zeros(steps), np.zeros(steps, bool)
    for first, last in runs:
        truth[first:last + 1] = True
    for step in range(steps):
        state = (1103515245 * state + 12345) % 2**31
        near = truth[step] or truth[max(0, step - 4)]
        scores[step] = np.floor((state / 2**31 + (lift if near else 0)) * levels) / levels
    return scores, truth


def runs_of(marks):
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marks.astype(int), [0]])))
    return list(zip(edges[::2], edges[1::2] - 1))


def range_figures(scores, truth, threshold, alpha):
    alarms = scores >= threshold
    real, raised = runs_of(truth), runs_of(alarms)

    def overlap(run, others):
        met = [set(range(run[0], run[1] + 1)) & set(range(a, b + 1)) for a, b in others]
        met = [m for m in met if m]
        return sum(map(len, met)) / (run[1] - run[0] + 1) / max(1, len(met))

    existence = np.mean([alarms[a:b + 1].any() for a, b in real])
    recall = np.mean([alpha * alarms[a:b + 1].any() + (1 - alpha) * overlap((a, b), raised) for a, b in real])
    return np.mean([overlap(run, real) for run in raised]), recall, existence


def volume(scores, truth, width, thresholds=250):
    n, real, ordered = len(scores), runs_of(truth), np.sort(scores)[::-1]
    areas, averages = [], []
    for fade in range(width + 1):
        label, half = truth.astype(float), fade // 2
        for first, last in real:
            for step in range(max(0, first - half), first):
                label[step] += np.sqrt(1 - (first - step) / fade)
            for step in range(last + 1, min(n, last + half + 1)):
                label[step] += np.sqrt(1 - (step - last) / fade)
        label = np.minimum(label, 1)
        wide = []
        for first, last in real:
            first, last = max(0, first - half), min(n - 1, last + half)
            if wide and wide[-1][1] >= first:
                wide[-1] = (wide[-1][0], last)
            else:
                wide.append((first, last))
        points, precision = [(0.0, 0.0)], [1.0]
        for rank in np.linspace(0, n - 1, thresholds).astype(int):
            alarm = scores >= ordered[rank]
            hit_label = np.where(truth, 1.0, label * alarm)
            positives = (truth.sum() + hit_label.sum()) / 2
            hits = (hit_label * alarm).sum()
            existence = np.mean([alarm[a:b + 1].any() for a, b in wide])
            points.append((min(hits / positives, 1) * existence, (alarm.sum() - hits) / (n - positives)))
            precision.append(hits / alarm.sum())
        averages.append(sum((points[i][0] - points[i - 1][0]) * precision[i] for i in range(1, len(points))))
        points.append((1.0, 1.0))
        areas.append(sum((points[i][1] - points[i - 1][1]) * (points[i][0] + points[i - 1][0]) / 2 for i in range(1, len(points))))
    return np.mean(areas), np.mean(averages)


for name, steps, runs, lift, levels, width, threshold in [
    ("separate", 600, [(40, 59), (200, 200), (330, 389), (595, 599)], 0.4, 1000, 20, 1.25),
    ("touching", 300, [(0, 9), (20, 29), (36, 40), (150, 170)], 0.2, 50, 31, 0.9),
    ("tied", 120, [(50, 69)], 0.5, 4, 10, 1),
]:
    scores, truth = series(steps, runs, lift, levels)
    print(name, "auroc %.12f ap %.12f" % (roc_auc_score(truth, scores), average_precision_score(truth, scores)),
          "range %.12f %.12f %.12f" % range_figures(scores, truth, threshold, 0.2), "vus %.12f %.12f" % volume(scores, truth, width))
