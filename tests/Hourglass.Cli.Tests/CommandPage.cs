namespace Hourglass.Cli.Tests;

/// <summary>What docs/commands.md says besides the help of each command.</summary>
internal static class CommandPage
{
    public const string Opening = """
        # Commands

        This page is the help of the command tree, checked by a test. Exit codes: 0 done, 1 wrong input, 2 internal fault. With `--json`, exactly
        one object stands on standard output; progress and notes go to standard error. Training shows a line that is redrawn on a terminal; elsewhere a line for the first
        and the last epoch of each run (every fold and member of a detector is one), and between them at most one a second.

        | command | members of its JSON object |
        |---|---|
        | train | samples, objective, squaredError (per value, in model-input units), pca {squaredError, components} (null without a bottleneck, like verdict, advice and difference), verdict ("autoencoder" or "pca"), advice, difference {mean, low, high}, latents {activeUnits, l0, deadShare, perplexity, ... as the bottleneck has them}, model, report, epochs, bestEpoch, stopReason, seconds, samplesPerSecond, engine, profile {steps, gather, forward, backward, update, exchange, validation, rest} (seconds; null without --profile) |
        | tune | trials [{stage, words, latentSize, squaredError, epochs, seconds, samplesPerSecond}], frontier [{latentSize, squaredError, pcaSquaredError}], options, squaredError, pca, model, report |
        | evaluate | samples, objective, squaredError, normalizedSquaredError, latents, negativeLogLikelihood and importanceSamples (null unless asked for), pca {squaredError, components} (the PCA fitted at training time), verdict, advice, difference {mean, low, high} |
        | encode, decode, reconstruct, sample, interpolate, attribute, map | samples, out, shape |
        | features | latents, dead, out, features [{unit, density, meanValue, samples [{sample, value}]}] |
        | classifier | samples, classes, accuracy, out |
        | distance | samples, frechet, frechetReconstructions, precision, recall |
        | denoise | pictures [{file, out, noisy, denoised}], meanNoisy, meanDenoised (PSNR in dB, null unless noise was added) |
        | score | samples, out, meanScore, highest [{sample, score}] |
        | detect train | samples, training, heldOut, members, rule, rules, threshold (as detect score), model, report (null without --report) |
        | detect evaluate | rule, samples, anomalies, auroc, averagePrecision, precisionAtN, threshold (null where too few samples were held out, as the next four), falseAlarmRate, recall, precision, f1, bestF1, promise, kinds [{kind, samples, auroc, recall}], rivals {NAME: {auroc, averagePrecision, precisionAtN, threshold, falseAlarmRate, recall, precision, f1, bestF1}}, verdict (the rule with the highest AUROC), drift (of the samples that are normal, as detect score), series (windows of rows: every rule row by row, else null) {NAME: {auroc, averagePrecision, vusRoc, vusPr, point {precision, recall, f1}, range {precision, recall, f1}}} |
        | detect score | samples, out, rule, alarms, threshold {value (null when the rule cannot be kept), rule, heldOut, realised {low, high, confidence}, tail, sentence}, batchPValue (largest p-value of an alarm with --false-discoveries, else null), drift {hasDrifted, pValue, scores, sentence}, heatMaps (the page, null without --heat-maps), highest [{sample, id, score, pValue, isAlarm, why, columns [{column, contribution, found, expected}]}] |
        | detect score, of windows of rows | rows, out, rule, threshold (as above), spans, highest [{first, last, from, to, peak, why, channels [{channel, share}]}] |
        | detect calibrate | samples, before (held-out samples until now), threshold, drift (both as detect score), model |
        | detect watch | a line for each object: kind "alarm" {line, row, id, score, pValue, why, columns}, "bad-line" {line, reason}, "drift" {pValue, scores, sentence}, and at the end "end" {rows, samples, alarms, badLines, drift} |
        | inspect | model, preprocessing, training, weights [{name, shape}], obstacle (why scoring loads libtorch; null where it does not) |
        | report | report, samples |
        | data list | builtIn [{name, description, kind, origin}], download [{name, description, cached}] |
        | data export, data get | samples, out; name, folder |
        | data cache | folder, limit, bytes (kept now), freed (with --clear), stores [{name, source, bytes, used}] |
        | demo | as train |
        | doctor | hourglass, engine, engineFault, mended, convolutions, threads, processors, vectorBits, gpu, memoryGigabytes, dotNet, operatingSystem |

        """;

    public static readonly string[] Commands =
    [
        "train", "detect train", "detect score", "detect evaluate", "detect calibrate", "detect watch", "tune", "evaluate", "encode", "decode", "reconstruct", "score", "sample", "interpolate", "attribute", "features", "map", "classifier", "distance", "denoise", "inspect", "report", "data list", "data export", "data get", "data cache", "demo", "doctor", "completion", "schema",
    ];
}
