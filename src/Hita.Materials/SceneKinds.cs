namespace Hita.Materials;

/// <summary>What is shown. The order is alphabetical, as the classes are.</summary>
public enum SceneShape
{
    /// <summary>A cone with a softened tip and rim.</summary>
    Cone,

    /// <summary>A cube with softened edges.</summary>
    Cube,

    /// <summary>A cylinder, somewhat taller than wide, with softened rims.</summary>
    Cylinder,

    /// <summary>A ball.</summary>
    Sphere,

    /// <summary>A thick five-pointed star.</summary>
    Star,

    /// <summary>A ring with a round section.</summary>
    Torus,
}

/// <summary>What it is made of. The order is alphabetical, as the classes are.</summary>
public enum SceneMaterial
{
    /// <summary>Glazed tiles in two colours.</summary>
    Checker,

    /// <summary>Clear tinted glass: it refracts what is behind it and lets coloured light through its shadow.</summary>
    Glass,

    /// <summary>Polished stone with clouds and veins, white for light colours and dark for dark ones.</summary>
    Marble,

    /// <summary>One plain colour without gloss.</summary>
    Matte,

    /// <summary>Polished to satin metal that mirrors the studio.</summary>
    Metal,

    /// <summary>Varnished wood, cut from one block, so that rings and grain run through the shape.</summary>
    Wood,
}

/// <summary>What stands behind the floor.</summary>
public enum SceneBackdrop
{
    /// <summary>The floor curves up into a paper background without an edge.</summary>
    Sweep,

    /// <summary>The floor runs to a soft, hazy horizon under an open sky.</summary>
    Horizon,

    /// <summary>A plain wall meets the floor.</summary>
    Wall,
}

/// <summary>The texture of the floor, always faint.</summary>
public enum SceneFloor
{
    /// <summary>No texture.</summary>
    Plain,

    /// <summary>Cast concrete: soft clouds.</summary>
    Concrete,

    /// <summary>Square tiles with joints.</summary>
    Tiles,

    /// <summary>Floorboards.</summary>
    Planks,
}
