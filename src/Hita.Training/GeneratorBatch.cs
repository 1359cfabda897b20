namespace Hita.Training;

/// <summary>Codes that a generator learns from: B images, row after row.</summary>
/// <param name="Classes">B classes, 0 … class count − 1; dropping some of them for guidance is the trainer's work.</param>
/// <param name="Holistic">B · M holistic codes; empty in the vanilla family.</param>
/// <param name="Patches">B · N patch codes in raster order.</param>
public sealed record GeneratorBatch(int[] Classes, int[] Holistic, int[] Patches);
